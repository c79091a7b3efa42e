"""Lists: full, distinct, falling, and filled from what is popular."""

from dataclasses import replace

import numpy as np
import pytest

from data.interactions import empty_history
from ranking.recommender import Recommender
from ranking.two_stage import ListRequest

STAGES = ("full", "retrieval")


@pytest.mark.parametrize("stage", STAGES)
def test_known_user_gets_personal_list(small_recommender: Recommender, stage) -> None:
    """On the checkerboard an even user's list holds even items, an odd one's odd items."""
    for user in range(0, 200, 21):
        history = small_recommender.history(f"user-{user:03}")
        ranked = small_recommender.two_stage.rank(ListRequest(history, 10), stage)
        assert ranked.is_personal
        assert set(ranked.item_idx % 2) == {user % 2}


@pytest.mark.parametrize("stage", STAGES)
def test_empty_history_gets_what_is_popular(small_recommender: Recommender, stage) -> None:
    """Without a history the list is the popular order, and says that it is not personal."""
    two_stage = small_recommender.two_stage
    ranked = two_stage.rank(ListRequest(empty_history(small_recommender.as_of), 30), stage)
    assert not ranked.is_personal
    np.testing.assert_array_equal(ranked.item_idx, two_stage.generator.popular.order[:30])
    assert ranked.score[0] == 1


@pytest.mark.parametrize("stage", STAGES)
def test_long_list_goes_on_with_what_is_popular(small_recommender: Recommender, stage) -> None:
    """Behind the candidates come the remaining items by popularity, until all are in the list."""
    generator = small_recommender.two_stage.generator
    few = replace(generator, limits=(5,) * len(generator.sources))
    two_stage = replace(small_recommender.two_stage, generator=few)
    ranked = two_stage.rank(ListRequest(small_recommender.history("user-002"), 500), stage)
    n = len(ranked.candidates)
    assert n < len(ranked.item_idx) == len(small_recommender.table.items)
    assert set(ranked.item_idx[:n]) == set(ranked.candidates.item_idx)
    order = generator.popular.order
    np.testing.assert_array_equal(ranked.item_idx[n:], order[~np.isin(order, ranked.candidates.item_idx)])
    assert (np.diff(ranked.score) <= 0).all()
    assert (ranked.score > 0).all()


def test_ranker_orders_by_its_scores(small_recommender: Recommender) -> None:
    """The full list is the candidates by the ranker's score; the retrieval list by the fused ranks."""
    two_stage = small_recommender.two_stage
    assert two_stage.ranker is not None
    history = small_recommender.history("user-017")
    ranked = two_stage.rank(ListRequest(history, 20))
    scores = two_stage.ranker.scores(two_stage.context.features(ranked.profile, ranked.candidates))
    best = np.argsort(-scores, kind="stable")[:20]
    np.testing.assert_array_equal(ranked.item_idx, ranked.candidates.item_idx[best])
    np.testing.assert_allclose(ranked.score, 1 / (1 + np.exp(-scores[best])), rtol=1e-6)
    fused = ranked.candidates.fused
    best = np.argsort(-fused, kind="stable")[:20]
    retrieved = two_stage.rank(ListRequest(history, 20), "retrieval")
    np.testing.assert_array_equal(retrieved.item_idx, ranked.candidates.item_idx[best])


def test_no_ranker_means_stage_one(small_recommender: Recommender) -> None:
    """Without a ranker the full list is the retrieval list."""
    request = ListRequest(small_recommender.history("user-017"), 20)
    two_stage = replace(small_recommender.two_stage, ranker=None)
    full, retrieved = two_stage.rank(request), small_recommender.two_stage.rank(request, "retrieval")
    np.testing.assert_array_equal(full.item_idx, retrieved.item_idx)
    np.testing.assert_array_equal(full.score, retrieved.score)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("n", [0, 1, 5])
def test_little_allowed_gives_little(small_recommender: Recommender, stage, n: int) -> None:
    """With fewer items allowed than asked for, the list holds each of them once."""
    allowed = np.zeros(len(small_recommender.table.items), dtype=np.bool_)
    allowed[[121, 3, 4, 60, 61][:n]] = True
    for user in ("user-000", "nobody"):
        ranked = small_recommender.two_stage.rank(ListRequest(small_recommender.history(user), 10, allowed), stage)
        assert sorted(ranked.item_idx) == np.flatnonzero(allowed).tolist()


def test_blocks_are_taken_as_they_come(small_recommender: Recommender) -> None:
    """Lists come before the last request is drawn, so that memory does not grow with their number."""
    drawn = []

    def requests():
        for user in range(1_000):
            drawn.append(user)
            yield ListRequest(small_recommender.history(f"user-{user % 200:03}"), 5)

    lists = small_recommender.two_stage.rank_many(requests())
    next(lists)
    assert len(drawn) < 500
