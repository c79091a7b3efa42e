"""Folding users into the space of the factors."""

import numpy as np
import pytest
from implicit.cpu.als import AlternatingLeastSquares

from candidate_gen.profile import build_profile
from candidate_gen.sources.als import AlsConfig, AlsModel, fit_als
from data.arrays.past import Past
from data.interactions import SECONDS_PER_DAY, Interactions, empty_history

AS_OF = 200 * SECONDS_PER_DAY
CONFIG = AlsConfig(factors=8, alpha=3.0, regularization=2.0, iterations=3, half_life_days=60)


@pytest.fixture(scope="module")
def interactions(make_interactions) -> Interactions:
    """Thirty users and twenty items, some pairs several times and some only viewed; one item without events."""
    rng = np.random.default_rng(5)
    rows = [
        (f"u{rng.integers(30):02}", f"i{rng.integers(20):02}", float(rng.uniform(1, 199)), kind)
        for kind in rng.choice(["purchase", "view"], size=600)
    ]
    return make_interactions(rows, catalog_ids=["i99"])


@pytest.fixture(scope="module")
def model(interactions: Interactions) -> AlsModel:
    """Factors of these."""
    return fit_als(Past.before(interactions, AS_OF), CONFIG, 1)


def test_fold_in_is_what_implicit_computes(interactions: Interactions, model: AlsModel) -> None:
    """A trained user's folded-in factor is the one that `implicit` solves for over the same matrix."""
    reference = AlternatingLeastSquares(
        factors=CONFIG.factors, alpha=CONFIG.alpha, regularization=CONFIG.regularization, use_cg=False
    )
    reference.item_factors = model.item_factors
    matrix = Past.before(interactions, AS_OF).user_item_matrix(CONFIG.half_life_days)
    for user in range(len(interactions.users)):
        profile = build_profile(interactions.history(user, AS_OF))
        wanted = reference.recalculate_user(user, matrix[user])
        np.testing.assert_allclose(model.user_factor(profile), np.ravel(wanted), rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize(("alpha", "regularization"), [(3.0, 2.0), (300.0, 2.0), (0.01, 2.0), (3.0, 0.05)])
@pytest.mark.parametrize("factors", [8, 96], ids=["fewer factors than items", "many more"])
def test_fold_in_solves_the_normal_equations(
    interactions: Interactions, factors: int, alpha: float, regularization: float
) -> None:
    """The factor is ``(Y'Y + Y'(C-I)Y + reg I)^-1 Y'C p``, with ``alpha * log1p(weight)`` as the confidence."""
    config = AlsConfig(factors=factors, alpha=alpha, regularization=regularization, iterations=3, half_life_days=60)
    past = Past.before(interactions, AS_OF)
    model = fit_als(past, config, 1)
    matrix = past.user_item_matrix(config.half_life_days).toarray().astype(np.float64)
    items = model.item_factors.astype(np.float64)
    for user in range(len(interactions.users)):
        confidence = alpha * matrix[user]
        bought = confidence > 0
        system = items.T @ items + regularization * np.eye(factors)
        system += (items[bought].T * (confidence[bought] - 1)) @ items[bought]
        wanted = np.linalg.solve(system, items[bought].T @ confidence[bought])
        found = model.user_factor(build_profile(interactions.history(user, AS_OF)))
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


def test_empty_history_has_a_zero_factor(model: AlsModel) -> None:
    """Of a user whom nobody has seen, nothing is claimed."""
    factor = model.user_factor(build_profile(empty_history(AS_OF)))
    assert factor.dtype == np.float32
    np.testing.assert_array_equal(factor, np.zeros(CONFIG.factors))


def test_items_without_events_have_zero_factors(interactions: Interactions, model: AlsModel) -> None:
    """An item that nobody had is near nobody, and all others are somewhere."""
    norms = np.linalg.norm(model.item_factors, axis=1)
    unseen = interactions.items.position("i99")
    assert norms[unseen] == 0
    assert (np.delete(norms, unseen) > 0).all()


def test_fitting_is_repeatable_and_changes_nothing(interactions: Interactions, model: AlsModel) -> None:
    """The same interactions and seed give the same bits; the interactions stay as they are."""
    before = interactions.weight.copy()
    np.testing.assert_array_equal(fit_als(Past.before(interactions, AS_OF), CONFIG, 1).item_factors, model.item_factors)
    np.testing.assert_array_equal(interactions.weight, before)


def test_matrix_adds_up_what_decayed(make_interactions) -> None:
    """A pair's entry is ``log1p`` of its weights, each halved every half-life; views count a fifth."""
    interactions = make_interactions([("u", "a", 190), ("u", "a", 180), ("u", "b", 200 - 1 / 86_400, "view")])
    matrix = Past.before(interactions, AS_OF).user_item_matrix(10).toarray()
    np.testing.assert_allclose(matrix, [np.log1p([0.5 + 0.25, 0.2])], rtol=1e-4)
