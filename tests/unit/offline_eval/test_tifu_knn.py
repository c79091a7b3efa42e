"""TIFU-kNN, by hand."""

from typing import Any

import numpy as np

from candidate_gen.popularity import decayed_targets
from candidate_gen.sources.popular import Popular
from data.arrays.past import Past
from data.interactions import SECONDS_PER_DAY, empty_history
from offline_eval.tifu_knn import TifuKnn, frequencies

CUT = 130 * SECONDS_PER_DAY


def test_frequencies_by_hand(make_interactions: Any) -> None:
    """Nine baskets are five groups, of two but for the oldest: newest first, fading within and between groups."""
    rows = [("u", f"i{day}", float(day)) for day in range(9)] + [("u", "i8", 0.0), ("u", "i8", 8.001)]
    items, share = frequencies(make_interactions(rows).history(0, CUT))
    wanted = [
        0.7**group * 0.9**place / (5 * size)
        for group, size in ((4, 1), (3, 2), (2, 2), (1, 2), (0, 2))
        for place in reversed(range(size))
    ]
    wanted[8] += wanted[0]
    assert items.tolist() == list(range(9))
    np.testing.assert_allclose(share, wanted, rtol=1e-5)


def test_own_and_neighbours_are_mixed(make_interactions: Any) -> None:
    """The own part alone lists the own item first; the neighbours are those like the user, not the user."""
    rows = [("ann", "tea", 1.0), ("bob", "tea", 1.0), ("bob", "jam", 1.0), ("cy", "tea", 2.0), ("cy", "jam", 2.0)]
    interactions = make_interactions(rows)
    past = Past.before(interactions, CUT)
    own = TifuKnn.fit(past, 1.0, Popular.of(decayed_targets(past, 14.0)), 1)
    listed = own.ranking(interactions.history(0, CUT), 2, None)
    assert interactions.items.externals(listed) == ["tea", "jam"]
    neighbours = own.with_own_share(0.0)._of_neighbors(np.eye(2, dtype=np.float32)[interactions.items.position("tea")])
    np.testing.assert_allclose(neighbours, [1.0, 1.0])
    assert own.with_own_share(0.3).choices == {"own_share": 0.3}


def test_nothing_known_is_popular(make_interactions: Any) -> None:
    """Without a history there are no frequencies, and what is popular fills the list."""
    assert [len(part) for part in frequencies(empty_history(CUT))] == [0, 0]
