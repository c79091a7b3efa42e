"""Events after a moment change nothing of what is as of that moment."""

from dataclasses import replace

import numpy as np
import pytest

from candidate_gen.profile import build_profile
from candidate_gen.training import fit_generator
from data.arrays.past import Past
from data.interactions import Interactions
from data.splits import LabelWindow
from pipelines.settings import Config
from ranking.recommender import Recommender
from ranking.snapshots import window_snapshot
from ranking.stage_one import StageOne
from ranking.training_set import build_training_set, fit_context
from ranking.two_stage import ListRequest, TwoStage

DAY = 86_400


@pytest.fixture(scope="module")
def as_of(small_recommender: Recommender) -> int:
    """Three weeks before the end."""
    return small_recommender.as_of - 21 * DAY


def other_future(interactions: Interactions, as_of: int) -> Interactions:
    """The same past, and another future: other items, prices, weights and moments."""
    later = interactions.timestamp >= as_of
    rng = np.random.default_rng(9)
    n = int(later.sum())
    item_idx, price = interactions.item_idx.copy(), interactions.price.copy()
    timestamp, weight = interactions.timestamp.copy(), interactions.weight.copy()
    item_idx[later] = rng.integers(len(interactions.items), size=n)
    price[later] = rng.uniform(0, 99, size=n)
    weight[later] = 0.3
    timestamp[later] += 3_600
    return replace(interactions, item_idx=item_idx, price=price, timestamp=timestamp, weight=weight)


def stages(interactions: Interactions, recommender: Recommender, as_of: int, config: Config) -> TwoStage:
    """Both stages fitted on what lies before a moment, with the small shop's ranker."""
    past, attributes = Past.before(interactions, as_of), recommender.attributes
    generator, _ = fit_generator(past, attributes, config.candidate_gen, config.seed)
    context = fit_context(past, attributes, config.candidate_gen)
    return TwoStage(generator, context, recommender.two_stage.ranker)


@pytest.mark.parametrize("future", ["none", "other"])
def test_lists_do_not_know_the_future(
    small_recommender: Recommender, small_config: Config, as_of: int, future: str
) -> None:
    """Candidates, features and lists are the same with the later events, without them, and with other ones."""
    whole = small_recommender.table.interactions()
    changed = whole.before(as_of) if future == "none" else other_future(whole, as_of)
    one = stages(whole, small_recommender, as_of, small_config)
    other = stages(changed, small_recommender, as_of, small_config)
    for user in range(0, len(whole.users), 4):
        history, again = whole.history(user, as_of), changed.history(user, as_of)
        profile = build_profile(history)
        found, found_again = one.generator.candidates(profile), other.generator.candidates(build_profile(again))
        np.testing.assert_array_equal(found.item_idx, found_again.item_idx)
        np.testing.assert_array_equal(found.rank, found_again.rank)
        np.testing.assert_array_equal(
            one.context.features(profile, found), other.context.features(build_profile(again), found_again)
        )
        ranked, ranked_again = one.rank(ListRequest(history, 20)), other.rank(ListRequest(again, 20))
        np.testing.assert_array_equal(ranked.item_idx, ranked_again.item_idx)
        np.testing.assert_array_equal(ranked.score, ranked_again.score)


@pytest.mark.slow
def test_training_does_not_know_what_follows_its_window(
    small_recommender: Recommender, small_config: Config, as_of: int
) -> None:
    """Features and labels of a window are the same whatever happens after its end."""
    whole = small_recommender.table.interactions()
    window = LabelWindow(as_of - 7 * DAY, as_of)
    rest = (small_recommender.attributes, small_config.ranking, StageOne(small_config.candidate_gen), 1)
    wanted = build_training_set(window_snapshot(whole, window), *rest)
    for changed in (whole.before(as_of), other_future(whole, as_of)):
        found = build_training_set(window_snapshot(changed, window), *rest)
        np.testing.assert_array_equal(found.features, wanted.features)
        np.testing.assert_array_equal(found.label, wanted.label)
        np.testing.assert_array_equal(found.group_sizes, wanted.group_sizes)


@pytest.mark.slow
def test_features_do_not_know_the_labels(small_recommender: Recommender, small_config: Config, as_of: int) -> None:
    """Other events inside the window change labels, and of the features only which users have any."""
    whole = small_recommender.table.interactions()
    window = LabelWindow(as_of, as_of + 7 * DAY)
    rest = (small_recommender.attributes, small_config.ranking, StageOne(small_config.candidate_gen), 1)
    wanted, found = (
        build_training_set(window_snapshot(one, window), *rest) for one in (whole, other_future(whole, as_of))
    )
    known = {rows.tobytes() for rows in np.split(wanted.features, np.cumsum(wanted.group_sizes)[:-1])}
    again = [rows.tobytes() in known for rows in np.split(found.features, np.cumsum(found.group_sizes)[:-1])]
    assert np.mean(again) > 0.9
    assert len(wanted.label) != len(found.label) or (wanted.label != found.label).any()
