"""The votes of a user's items for others."""

from collections.abc import Sequence

import numpy as np
import plain_stage_one
import pytest

from candidate_gen.votes import Votes
from shortlist.ids import MISSING


def votes_of(items: Sequence[int], vote: Sequence[float], n_items: int) -> Votes:
    """The votes of item 0, whose neighbours these are, at a weight of 1."""
    neighbors = np.full((n_items, len(items)), MISSING, dtype=np.int32)
    similarity = np.zeros((n_items, len(items)), dtype=np.float32)
    neighbors[0], similarity[0] = items, vote
    return Votes.of(neighbors, similarity, np.array([0]), np.ones(1, dtype=np.float32))


def test_votes_by_hand() -> None:
    """Item 1 has votes of 3 and 1, item 3 one of 2, the others none."""
    votes = votes_of([1, 3, MISSING, 1], [3, 2, 0, 1], 5)
    total, largest, mean = votes.of_items(np.array([0, 1, 3], np.int32))
    assert (total.tolist(), largest.tolist(), mean.tolist()) == ([0, 4, 2], [0, 3, 2], [0, 2, 2])
    assert (total.dtype, largest.dtype, mean.dtype) == (np.float32,) * 3
    assert votes.best(1, None).tolist() == [1]
    assert votes.best(9, np.array([True, False, True, True, True])).tolist() == [3]


def test_no_votes_say_nothing() -> None:
    """Of nobody's votes, and of no items, there is nothing."""
    none = votes_of([], [], 3)
    assert not len(none.items)
    assert [part.tolist() for part in none.of_items(np.array([2], np.int32))] == [[0], [0], [0]]
    assert [len(part) for part in none.of_items(np.zeros(0, np.int32))] == [0, 0, 0]
    assert not len(none.best(3, None))


@pytest.mark.parametrize("seed", range(20))
def test_the_kernel_is_the_plain_sum(seed: int) -> None:
    """Against numpy, bit for bit: sums in the order of the votes, the largest, and the mean of those above zero."""
    draw = np.random.default_rng(seed)
    n_items, n_neighbors, n_voters = (int(n) for n in draw.integers(1, 40, 3))
    neighbors = draw.integers(-1, n_items, (n_items, n_neighbors)).astype(np.int32)
    similarity = np.where(draw.random(neighbors.shape) < 0.2, 0, draw.random(neighbors.shape)).astype(np.float32)
    similarity[neighbors < 0] = 0
    voters, weight = draw.integers(0, n_items, n_voters), draw.random(n_voters).astype(np.float32)
    found, every = Votes.of(neighbors, similarity, voters, weight), np.arange(n_items, dtype=np.int32)
    wanted = plain_stage_one.votes(neighbors, similarity, voters, weight)
    np.testing.assert_array_equal(found.of_items(every), wanted)
    for n in (0, 1, 5, n_items):
        np.testing.assert_array_equal(found.best(n, None), plain_stage_one.best(wanted[0], n))
