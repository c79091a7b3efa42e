"""Item neighbours against a brute-force cosine."""

import numpy as np
import pytest

from candidate_gen.profile import build_profile
from candidate_gen.source import best_of
from candidate_gen.sources.item_knn import ItemKnn, ItemKnnConfig, fit_neighbors
from data.arrays.past import Past
from data.interactions import SECONDS_PER_DAY, Interactions, empty_history

AS_OF = 200 * SECONDS_PER_DAY
CONFIG = ItemKnnConfig(n_neighbors=4, half_life_days=60, min_users=3, recent_items=5)


@pytest.fixture(scope="module")
def interactions(make_interactions) -> Interactions:
    """Forty users and fifteen items; one item of two users, one of none."""
    rng = np.random.default_rng(8)
    rows = [
        (f"u{rng.integers(40):02}", f"i{item:02}", float(rng.uniform(1, 199)))
        for item in rng.choice(15, size=300, p=np.arange(1, 16) / 120)
    ]
    return make_interactions([*rows, ("u00", "rare", 5), ("u01", "rare", 6)], ["unseen"])


@pytest.fixture(scope="module")
def model(interactions: Interactions) -> ItemKnn:
    """Their neighbours."""
    return ItemKnn(fit_neighbors(Past.before(interactions, AS_OF), CONFIG), CONFIG.recent_items)


def cosines(interactions: Interactions) -> np.ndarray:
    """All cosines of two columns of the decayed matrix, 0 for items of few users and for an item with itself."""
    matrix = Past.before(interactions, AS_OF).user_item_matrix(CONFIG.half_life_days).toarray().astype(np.float64)
    supported = (matrix > 0).sum(axis=0) >= CONFIG.min_users
    norms = np.linalg.norm(matrix, axis=0)
    unit = np.where(supported, matrix / np.where(norms > 0, norms, 1), 0)
    similarity = unit.T @ unit
    np.fill_diagonal(similarity, 0)
    return similarity


def test_neighbours_are_those_of_the_largest_cosine(interactions: Interactions, model: ItemKnn) -> None:
    """Each item's similarities are the largest cosines there are, falling, and belong to the named neighbours."""
    wanted = cosines(interactions)
    largest = -np.sort(-wanted, axis=1)[:, : CONFIG.n_neighbors]
    np.testing.assert_allclose(model.lists.similarity, largest, atol=1e-5)
    for item, (neighbors, similarity) in enumerate(zip(model.lists.neighbors, model.lists.similarity, strict=True)):
        there = neighbors >= 0
        np.testing.assert_allclose(similarity[there], wanted[item, neighbors[there]], atol=1e-5)
        assert len(np.unique(neighbors[there])) == there.sum()
        assert (similarity[~there] == 0).all()


def test_items_of_few_users_are_left_out(interactions: Interactions, model: ItemKnn) -> None:
    """An item with fewer users than asked for has no neighbours and is nobody's."""
    for external in ("rare", "unseen"):
        position = interactions.items.position(external)
        assert (model.lists.neighbors[position] == -1).all()
        assert not (model.lists.neighbors == position).any()


def test_scores_add_up_the_votes(interactions: Interactions, model: ItemKnn) -> None:
    """An item's score is the sum over the user's strongest items of similarity times ``log1p`` of decayed weight."""
    for user in range(10):
        profile = build_profile(interactions.history(user, AS_OF))
        weight = profile.decayed_at(60)
        strongest = np.argsort(-weight, kind="stable")[: CONFIG.recent_items]
        wanted = np.zeros(len(interactions.items))
        for place in strongest:
            item = profile.item_idx[place]
            for neighbor, similarity in zip(model.lists.neighbors[item], model.lists.similarity[item], strict=True):
                if neighbor >= 0:
                    wanted[neighbor] += similarity * np.log1p(weight[place])
        total, *_ = model.ask(profile).of_items(np.arange(len(wanted), dtype=np.int32))
        np.testing.assert_allclose(total, wanted, atol=1e-5)


def test_candidates_are_the_best_scores() -> None:
    """The items of the largest score come, ties by position, and never one of no score."""
    scores = np.array([0.0, 2.0, 1.0, 2.0, 3.0], dtype=np.float32)
    assert best_of(scores, 10, None).tolist() == [4, 1, 3, 2]
    assert best_of(scores, 3, None).tolist() == [4, 1, 3]
    assert best_of(scores, 0, None).shape == (0,)
    assert best_of(np.zeros(5, np.float32), 3, None).shape == (0,)


def test_ties_at_the_cut_go_by_position() -> None:
    """Which of several equal items is cut does not depend on chance: the lower positions stay."""
    scores = np.ones(40, dtype=np.float32)
    assert best_of(scores, 7, None).tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_nothing_known_nothing_found(model: ItemKnn) -> None:
    """An empty history gives every item the score 0."""
    assert not len(model.ask(build_profile(empty_history(AS_OF))).items)
