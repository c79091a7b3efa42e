"""The votes of a user's items for others."""

import numpy as np

from candidate_gen.votes import Votes
from shortlist.ids import MISSING


def test_votes_by_hand() -> None:
    """Item 1 has votes of 3 and 1, item 3 one of 2, the others none."""
    votes = Votes.of(np.array([1, 3, MISSING, 1], np.int32), np.array([3, 2, 0, 1], np.float32), 5)
    assert votes.total.tolist() == [0, 4, 0, 2, 0]
    largest, mean = votes.largest_and_mean(np.array([0, 1, 3], np.int32))
    assert (largest.tolist(), mean.tolist()) == ([0, 3, 2], [0, 2, 2])
    assert (largest.dtype, mean.dtype, votes.total.dtype) == (np.float32,) * 3


def test_no_votes_say_nothing() -> None:
    """Of nobody's votes, and of no items, there is nothing."""
    none = Votes.of(np.zeros(0, np.int32), np.zeros(0, np.float32), 3)
    assert not none.total.any()
    assert [part.tolist() for part in none.largest_and_mean(np.array([2], np.int32))] == [[0], [0]]
    assert [len(part) for part in none.largest_and_mean(np.zeros(0, np.int32))] == [0, 0]
