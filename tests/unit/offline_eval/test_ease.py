"""EASE against its definition, and on the checkerboard."""

from typing import Any

import numpy as np

from candidate_gen.popularity import decayed_targets
from candidate_gen.sources.popular import Popular
from data.arrays.past import Past
from data.interactions import SECONDS_PER_DAY
from offline_eval.ease import Ease
from offline_eval.protocol import allowed_items

CUT = 130 * SECONDS_PER_DAY


def fitted(interactions: Any, regularization: float = 2.0, **options: int) -> Ease:
    """EASE on all that lies before the cut."""
    past = Past.before(interactions, CUT)
    return Ease.fit(past, regularization, Popular.of(decayed_targets(past, 14.0)), **options)


def test_weights_are_the_ridge_of_each_item_on_the_others(make_interactions: Any, checkerboard: Any) -> None:
    """The column of an item solves the ridge regression of its column on all others, with nothing on itself."""
    interactions = make_interactions([*checkerboard, ("odd one", "item03", 3), ("odd one", "item04", 3)])
    model = fitted(interactions)
    x = Past.before(interactions, CUT).pairs().toarray()
    for item in (0, 3, 7):
        others = np.delete(np.arange(x.shape[1]), item)
        ridge = x[:, others].T @ x[:, others] + 2.0 * np.eye(len(others))
        wanted = np.linalg.solve(ridge, x[:, others].T @ x[:, item])
        np.testing.assert_allclose(model.weights[others, item], wanted, atol=1e-4)
    assert not np.diag(model.weights).any()


def test_it_finds_the_one_item_each_user_lacks(make_interactions: Any, checkerboard: Any) -> None:
    """Of the items new to a user it puts first the one that all of the user's kind have."""
    interactions = make_interactions(checkerboard)
    model = fitted(interactions)
    for user in range(24):
        history = interactions.history(user, CUT)
        new = allowed_items(history, len(interactions.items), "novel")
        assert model.ranking(history, 1, new).tolist() == [user]


def test_items_beyond_the_most_popular_take_no_part(make_interactions: Any) -> None:
    """With room for two items, the third is found by popularity alone."""
    rows = [(f"u{n}", item, n) for n in range(5) for item in ("a", "b")] + [("u0", "c", 7)]
    interactions = make_interactions(rows)
    model = fitted(interactions, max_items=2)
    assert model.choices == {"regularization": 2.0, "n_items": 2}
    assert model.ranking(interactions.history(0, CUT), 3, None).tolist() == [0, 1, 2]
