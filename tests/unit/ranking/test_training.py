"""Training sets, and when there is no ranker."""

import numpy as np
import pytest

from candidate_gen.settings import CandidateConfig
from candidate_gen.sources import SOURCES
from data.interactions import SECONDS_PER_DAY
from data.splits import LabelWindow, label_windows
from pipelines.settings import Config
from ranking.features import feature_names
from ranking.recommender import Recommender
from ranking.settings import RankerConfig
from ranking.snapshots import plan_labels, window_snapshot
from ranking.stage_one import StageOne
from ranking.training import fit_ranker
from ranking.training_set import build_training_set, repeat_share
from shortlist.progress import SilentReporter

WEEK = 7 * SECONDS_PER_DAY
CANDIDATES = CandidateConfig.model_validate({"als": {"factors": 4, "iterations": 2}})
FEATURES = feature_names(tuple(source.name for source in SOURCES))


def test_queries_hold_a_positive_each(small_recommender: Recommender, small_config: Config) -> None:
    """Group sizes add up to the rows, and no query is without a positive or without a negative row of features."""
    window = LabelWindow(small_recommender.as_of - WEEK, small_recommender.as_of)
    made = build_training_set(
        *(window_snapshot(small_recommender.table.interactions(), window), small_recommender.attributes),
        *(small_config.ranking, StageOne(small_config.candidate_gen), 1),
    )
    assert made.group_sizes.sum() == len(made.label) == len(made.features)
    assert made.features.shape[1] == len(FEATURES)
    positives = np.add.reduceat(made.label, np.cumsum(made.group_sizes) - made.group_sizes)
    assert (positives > 0).all()
    assert {0, 1} <= set(np.unique(made.label))
    assert np.isfinite(made.features).all()


def test_number_of_queries_is_bounded(small_recommender: Recommender, small_config: Config) -> None:
    """At most so many users of a window are taken, the same ones for the same seed."""
    window = LabelWindow(small_recommender.as_of - WEEK, small_recommender.as_of)
    config = small_config.ranking.model_copy(update={"max_queries_per_window": 15, "novel_queries": False})
    snapshot = window_snapshot(small_recommender.table.interactions(), window)
    rest = (snapshot, small_recommender.attributes, config, StageOne(small_config.candidate_gen))
    one, again, other = (build_training_set(*rest, seed) for seed in (1, 1, 2))
    assert len(one.group_sizes) <= 15
    np.testing.assert_array_equal(one.label, again.label)
    assert len(one.label) != len(other.label) or (one.features != other.features).any()


def test_users_who_buy_again_have_a_query_among_new_items(small_recommender: Recommender, small_config: Config) -> None:
    """Beside the query of all items stands one without the user's own, where labels are often repeats."""
    window = LabelWindow(small_recommender.as_of - WEEK, small_recommender.as_of)
    snapshot = window_snapshot(small_recommender.table.interactions(), window)
    assert repeat_share(snapshot) > 0.3
    plain = small_config.ranking.model_copy(update={"novel_queries": False})
    rest = (StageOne(small_config.candidate_gen), 1)
    one, both = (
        build_training_set(snapshot, small_recommender.attributes, config, *rest)
        for config in (plain, small_config.ranking)
    )
    assert len(one) < len(both) <= 2 * len(one)
    had = [features[:, both.names.index("n_events")].any() for features, _ in both.queries()]
    assert 0 < np.mean(had) < 1


def test_window_without_a_past_has_no_queries(make_shop) -> None:
    """Users without an event before the window give no query."""
    interactions, attributes = make_shop([("u", "a", 101), ("v", "b", 102)])
    window = LabelWindow(100 * SECONDS_PER_DAY, 110 * SECONDS_PER_DAY)
    snapshot = window_snapshot(interactions, window)
    made = build_training_set(snapshot, attributes, RankerConfig(), StageOne(CANDIDATES), 1)
    assert (made.features.shape, len(made.group_sizes)) == ((0, len(FEATURES)), 0)


def test_newcomers_of_the_window_are_no_queries(make_shop) -> None:
    """A user whose first event lies in the window is left out, and one whose labels nobody found too."""
    rows = [(f"u{n}", f"i{n % 4}", 50 + n) for n in range(20)]
    interactions, attributes = make_shop([*rows, ("new", "i1", 105), ("u1", "i1", 105), ("u2", "fresh", 106)])
    window = LabelWindow(100 * SECONDS_PER_DAY, 110 * SECONDS_PER_DAY)
    config = CandidateConfig.model_validate(
        {"als": {"factors": 4, "iterations": 2, "limit": 2}}
        | {name: {"limit": 2} for name in ("item_knn", "popular", "history")}
    )
    made = build_training_set(window_snapshot(interactions, window), attributes, RankerConfig(), StageOne(config), 1)
    assert len(made.group_sizes) == 1


@pytest.mark.parametrize(
    "rows",
    [
        [(f"u{n % 30}", f"i{n % 7}", 50) for n in range(100)],
        [("u1", "a", 10), ("u1", "b", 20), ("u2", "a", 30), ("u2", "b", 40), ("u3", "c", 50)],
        [("u1", f"i{n % 5}", 10 + n) for n in range(100)],
    ],
    ids=["one moment in time", "five events", "one user"],
)
def test_no_ranker_where_there_is_too_little(make_shop, rows) -> None:
    """With too short a past or too few users there is no ranker, and the reason is given."""
    interactions, attributes = make_shop(rows)
    as_of = int(interactions.timestamp.max()) + 1
    config = RankerConfig(max_trees=5)
    plan = plan_labels(interactions, as_of, config)
    ranker, choices = fit_ranker(
        plan,
        plan.snapshots(interactions, as_of, config, 1),
        attributes,
        config,
        StageOne(CANDIDATES),
        1,
        SilentReporter(),
    )
    assert ranker is None
    assert choices["ranker"] == "none"
    assert "label snapshots" in choices["reason"]


def test_windows_and_features_are_the_configured_ones(small_recommender: Recommender) -> None:
    """Windows end at the end of the data, one behind the other, and leave half of the span as past."""
    timestamp, as_of = small_recommender.table.interactions().timestamp, small_recommender.as_of
    windows = label_windows(timestamp, as_of, 5, 14)
    assert [window.end for window in windows] == [as_of - n * 14 * SECONDS_PER_DAY for n in range(len(windows))]
    assert as_of - windows[-1].start <= (as_of - timestamp.min()) / 2
