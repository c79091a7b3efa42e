"""What is chosen for stage one on the newest labels."""

import numpy as np
import pytest

from candidate_gen.settings import CandidateConfig
from data.interactions import SECONDS_PER_DAY
from data.splits import LabelWindow
from pipelines.settings import Config
from ranking.recommender import Recommender
from ranking.snapshots import Snapshot, last_snapshot, window_snapshot
from ranking.stage_one import StageOne, choose_stage_one
from ranking.training_set import build_training_set
from shortlist.progress import SilentReporter

WEEK = 7 * SECONDS_PER_DAY


@pytest.fixture(scope="module")
def newest(small_recommender: Recommender) -> Snapshot:
    """The last two weeks of the small shop."""
    as_of = small_recommender.as_of
    return window_snapshot(small_recommender.table.interactions(), LabelWindow(as_of - 2 * WEEK, as_of))


@pytest.fixture(scope="module")
def stage_one(newest: Snapshot, small_recommender: Recommender, small_config: Config) -> StageOne:
    """What is chosen on them."""
    reporter = SilentReporter()
    return choose_stage_one(newest, small_recommender.attributes, small_config.candidate_gen, 1, reporter)


def test_own_items_are_worth_more_than_popular_ones(stage_one: StageOne) -> None:
    """On a shop of favourites the first finds of the history are wanted more often than those that everybody buys."""
    assert stage_one.fusion is not None
    names = [source.name for source in stage_one.config.sources()]
    chance = stage_one.fusion.chance[:, 0]
    assert chance[names.index("history")] > 2 * chance[names.index("popular")]


def test_users_measured_on_train_nothing(
    newest: Snapshot, stage_one: StageOne, small_recommender: Recommender, small_config: Config
) -> None:
    """Of the newest snapshot nobody whose labels the fusion saw is a query; of another one everybody is."""
    assert 0 < len(stage_one.users) <= len(newest.labels.user_idx) / 4
    config = small_config.ranking.model_copy(update={"novel_queries": False})
    with_all = StageOne(stage_one.config, stage_one.fusion)
    rest = (small_recommender.attributes, config)
    n_all, n_kept = (len(build_training_set(newest, *rest, one, 1)) for one in (with_all, stage_one))
    assert n_all - len(stage_one.users) <= n_kept < n_all
    other = last_snapshot(small_recommender.table.interactions(), small_recommender.as_of)
    assert not len(stage_one.measured_on(other))
    assert stage_one.measured_on(newest) is stage_one.users


def test_the_newest_generator_is_used_again(
    newest: Snapshot, stage_one: StageOne, small_recommender: Recommender
) -> None:
    """It is the one that fitting anew gives."""
    attributes = small_recommender.attributes
    kept = stage_one.generator_for(newest, attributes, 1)
    assert kept is stage_one.generator
    anew = StageOne(stage_one.config, stage_one.fusion).generator_for(newest, attributes, 1)
    np.testing.assert_array_equal(kept.fusion.chance, anew.fusion.chance)
    assert kept.names == anew.names


@pytest.mark.parametrize("rows", [[], [("u", "a", 10), ("u", "b", 20), ("v", "a", 30)]], ids=["none", "three events"])
def test_too_few_to_measure_on_leave_stage_one_as_configured(make_shop, rows) -> None:
    """Without labelled users enough there is no fusion, and reciprocal ranks are added up."""
    interactions, attributes = make_shop([*rows, ("w", "a", 50)])
    config = CandidateConfig.model_validate({"als": {"factors": 4, "iterations": 2, "search_seconds": 0}})
    snapshot = last_snapshot(interactions, 100 * SECONDS_PER_DAY)
    found = choose_stage_one(snapshot, attributes, config, 1, SilentReporter())
    assert (found.fusion, found.generator, len(found.users)) == (None, None, 0)
    assert choose_stage_one(None, attributes, config, 1, SilentReporter()).config == config
