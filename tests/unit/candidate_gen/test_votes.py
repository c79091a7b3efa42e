"""The votes of a user's items for others."""

from collections.abc import Sequence

import numpy as np
import pytest

from candidate_gen.source import best_of
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
    """Against numpy, bit for bit: sums in the order of the votes, the largest, and the number of votes above zero."""
    draw = np.random.default_rng(seed)
    n_items, n_votes = int(draw.integers(1, 50)), int(draw.integers(0, 300))
    items = draw.integers(-1, n_items, n_votes).astype(np.int32)
    vote = np.where(draw.random(n_votes) < 0.2, 0, draw.random(n_votes)).astype(np.float32)
    vote[items < 0] = 0
    total = np.bincount(items + 1, vote, minlength=n_items + 1)[1:].astype(np.float32)
    largest = np.zeros(n_items + 1, dtype=np.float32)
    np.maximum.at(largest, items + 1, vote)
    count = np.bincount(items[vote > 0], minlength=n_items).astype(np.float32)
    found = votes_of(items, vote, n_items)
    every = np.arange(n_items, dtype=np.int32)
    np.testing.assert_array_equal(
        np.stack(found.of_items(every)), [total, largest[1:], total / np.maximum(count, np.float32(1))]
    )
    for n in (0, 1, 5, n_items):
        np.testing.assert_array_equal(found.best(n, None), best_of(total, n, None))
