"""Where labels come from: chosen by measuring the log, and never known to what they label."""

from dataclasses import replace

import numpy as np
import pytest

from candidate_gen.settings import CandidateConfig
from data.arrays.past import Past
from data.interactions import SECONDS_PER_DAY, Interactions
from ranking.settings import RankerConfig
from ranking.snapshots import (
    Snapshot,
    held_out_snapshot,
    items_at_once,
    last_snapshot,
    plan_labels,
    share_with_times,
    widened_windows,
    window_snapshot,
)
from ranking.stage_one import StageOne
from ranking.training_set import build_training_set, folds, joined

DAY = SECONDS_PER_DAY
AS_OF = 400 * DAY
CONFIG = RankerConfig()
SMALL = CandidateConfig.model_validate({"als": {"factors": 4, "iterations": 2}})


def baskets(n_users: int = 60) -> list[tuple[str, str, float]]:
    """Users who buy four items together every week or so, for a year."""
    rng = np.random.default_rng(3)
    return [
        (f"u{user:03}", f"i{item:02}", float(day))
        for user in range(n_users)
        for day in range(10 + user % 7, 390, 7)
        for item in rng.choice(30, size=4, replace=False)
    ]


def one_at_a_time(n_users: int = 80) -> list[tuple[str, str, float]]:
    """Users who take six items, one at a time, over a year."""
    rng = np.random.default_rng(4)
    return [
        (f"u{user:03}", f"i{item:02}", float(day))
        for user in range(n_users)
        for day, item in zip(np.sort(rng.uniform(5, 390, 6)), rng.choice(30, size=6, replace=False), strict=True)
    ]


def undated(n_users: int = 80) -> list[tuple[str, str, float]]:
    """Users whose items all carry one time."""
    rng = np.random.default_rng(5)
    drawn = ((user, rng.choice(30, size=8, replace=False)) for user in range(n_users))
    return [(f"u{user:03}", f"i{item:02}", 50.0) for user, items in drawn for item in items]


@pytest.mark.parametrize(
    ("rows", "schemes"), [(baskets, ["window"]), (one_at_a_time, ["window", "last"]), (undated, ["held_out"])]
)
def test_the_log_decides(make_shop, rows, schemes: list[str]) -> None:
    """Windows where users come with baskets, their last event beside them where they do not, a share without times."""
    interactions, _ = make_shop(rows())
    plan = plan_labels(interactions, AS_OF, RankerConfig(min_queries=5))
    assert plan.schemes == schemes
    assert {"share_with_times", "items_at_once"} <= set(plan.figures)
    assert len(plan) == len(list(plan.snapshots(interactions, AS_OF, CONFIG, 1)))


def test_a_shop_of_customers_who_come_once_has_times(make_shop) -> None:
    """Where nine of ten customers have one basket alone, times are real: the others give the labels."""
    once = [(f"once{user:03}", f"i{item:02}", 20.0 + user % 300) for user in range(500) for item in range(3)]
    interactions, _ = make_shop([*once, *baskets()])
    plan = plan_labels(interactions, AS_OF, CONFIG)
    assert plan.schemes == ["window"]
    assert plan.figures["share_with_times"] < 0.2


@pytest.mark.parametrize("labels", ["window", "last", "held_out"])
def test_a_scheme_can_be_asked_for(make_shop, labels) -> None:
    """A scheme that is named is the one taken."""
    interactions, _ = make_shop(baskets())
    assert plan_labels(interactions, AS_OF, RankerConfig(labels=labels)).schemes == [labels]


def test_windows_are_widened_until_they_hold_enough(make_shop) -> None:
    """With few users in each the windows grow, and stay in the newer half; a length that is asked for is kept."""
    interactions, _ = make_shop(one_at_a_time())
    windows, counts = widened_windows(interactions, AS_OF, CONFIG)
    narrow, _ = widened_windows(interactions, AS_OF, RankerConfig(horizon_days=14))
    assert windows[0].end - windows[0].start > narrow[0].end - narrow[0].start == 14 * DAY
    assert windows[-1].start >= AS_OF - (AS_OF - interactions.timestamp.min()) / 2 - 1
    assert len(counts) == len(windows) == 4
    assert min(counts) > 0


def test_measures_by_hand(make_shop) -> None:
    """Of two users with several events one has several moments; four events stand at three moments."""
    interactions, _ = make_shop([("u", "a", 1), ("u", "b", 1), ("v", "a", 1), ("v", "b", 2), ("w", "a", 3)])
    assert share_with_times(interactions) == 0.5
    assert items_at_once(interactions) == 5 / 4
    assert share_with_times(interactions.before(0)) == items_at_once(interactions.before(0)) == 0


def test_labels_are_not_known(make_shop) -> None:
    """In no scheme is a labelled item in the history that it labels, but for what the user had before."""
    interactions, _ = make_shop(one_at_a_time())
    for snapshot in (last_snapshot(interactions, AS_OF), held_out_snapshot(interactions, AS_OF, 0.3, 1)):
        assert len(snapshot.labels.user_idx) > 50
        for row, user in enumerate(snapshot.labels.user_idx):
            history = snapshot.past.history(int(user))
            assert not np.isin(snapshot.labels.of(row), history.item_idx).any()


def test_a_share_is_held_out(make_shop) -> None:
    """About the share asked for is taken out, and all events of a pair go together."""
    interactions, _ = make_shop([*undated(), *((user, item, 60.0) for user, item, _ in undated())])
    snapshot = held_out_snapshot(interactions, AS_OF, 0.25, 1)
    n_pairs = len(interactions) / 2
    assert 0.15 < len(snapshot.labels.item_idx) / n_pairs < 0.35
    assert len(snapshot.past) == 2 * (n_pairs - len(snapshot.labels.item_idx))


def other_labels(interactions: Interactions, rows: np.ndarray, future: int) -> Interactions:
    """The same log, with other items at some rows, and other events from a moment on."""
    item_idx, price = interactions.item_idx.copy(), interactions.price.copy()
    changed = np.union1d(rows, np.flatnonzero(interactions.timestamp >= future))
    item_idx[changed] = (item_idx[changed] + 7) % len(interactions.items)
    price[changed] = 99.0
    return replace(interactions, item_idx=item_idx, price=price)


def features_of_everybody(snapshot: Snapshot, attributes) -> list[bytes]:
    """The features of every query, whatever it was labelled with."""
    everything = replace(
        snapshot.labels,
        offsets=np.arange(len(snapshot.labels.user_idx) + 1),
        item_idx=np.zeros(len(snapshot.labels.user_idx), dtype=np.int32),
    )
    made = build_training_set(replace(snapshot, labels=everything), attributes, CONFIG, StageOne(SMALL), 1)
    assert len(made) > 20
    return [features.tobytes() for features, _ in made.queries()]


def test_the_labels_and_the_future_change_no_feature_of_a_window(make_shop) -> None:
    """Handed other events from the window's start on, every feature of every query is the same."""
    interactions, attributes = make_shop(baskets())
    window = widened_windows(interactions, AS_OF, RankerConfig(horizon_days=14))[0][0]
    tempted = other_labels(interactions, np.zeros(0, dtype=np.int64), window.start)
    one, other = (window_snapshot(log, window) for log in (interactions, tempted))
    other = replace(other, labels=one.labels)
    assert features_of_everybody(one, attributes) == features_of_everybody(other, attributes)


@pytest.mark.parametrize("scheme", ["last", "held_out"])
def test_the_labels_and_the_future_change_no_feature(make_shop, scheme: str) -> None:
    """Handed other labelled items, and other events from the moment on, every feature of every query is the same."""
    interactions, attributes = make_shop([*one_at_a_time(), *((f"u{n:03}", "i01", 401.0) for n in range(80))])

    def snapshot(log: Interactions) -> Snapshot:
        return last_snapshot(log, AS_OF) if scheme == "last" else held_out_snapshot(log, AS_OF, 0.3, 1)

    one = snapshot(interactions)
    labelled = np.concatenate(
        [
            rows[np.isin(interactions.item_idx[rows], one.labels.of(row))]
            for row, user in enumerate(one.labels.user_idx)
            for rows in [interactions.rows_of(np.array([user]))]
        ]
    )
    labelled = labelled[interactions.timestamp[labelled] < AS_OF]
    tempted = other_labels(interactions, labelled, AS_OF)
    held_out = np.isin(np.arange(len(tempted)), labelled)  # the same rows: a draw of pairs would name others
    past = snapshot(tempted).past if scheme == "last" else Past.without(tempted, held_out, AS_OF)
    assert features_of_everybody(one, attributes) == features_of_everybody(replace(one, past=past), attributes)


def test_folds_hold_every_query_once() -> None:
    """A window is one part; of another scheme two parts of one size are validated on, and the rest trains."""
    query = (np.zeros((2, 1), dtype=np.float32), np.array([0, 1], dtype=np.int8))
    window, last = joined([query] * 7, ("a",)), joined([query] * 5, ("a",))
    assert [len(part) for part in folds([window, last], ["window", "last"])] == [7, 2, 3]
    assert [len(part) for part in folds([joined([query] * 5_000, ("a",))], ["held_out"])] == [1_000, 1_000, 3_000]
