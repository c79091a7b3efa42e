"""How a user's own items vote for others: the sum, the largest vote and their mean."""

from dataclasses import dataclass

import numpy as np

from candidate_gen.source import Float32, ItemPositions, Mask, best_of


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of a user's items.

    Attributes
    ----------
    total : ndarray of float32, shape (n_items,)
        The sum of the votes for each item.
    items : ndarray of int32, shape (n_votes,)
        The item of each vote, ``MISSING`` where it is for none.
    vote : ndarray of float32, shape (n_votes,)
        0 where it is for none.
    """

    total: Float32
    items: ItemPositions
    vote: Float32

    @classmethod
    def of(cls, items: ItemPositions, vote: Float32, n_items: int) -> "Votes":
        """Sum up votes."""
        total = np.bincount(items + 1, vote, minlength=n_items + 1)[1:]
        return cls(total.astype(np.float32), items, vote)

    def largest_and_mean(self, item_idx: ItemPositions) -> tuple[Float32, Float32]:
        """The largest vote and the mean of the votes for some items, no item twice; 0 where there is none."""
        place = np.full(len(self.total) + 1, -1, dtype=np.int32)
        place[item_idx] = np.arange(len(item_idx), dtype=np.int32)
        at = place[self.items]
        counted = np.flatnonzero((at >= 0) & (self.vote > 0))
        largest = np.zeros(len(item_idx), dtype=np.float32)
        np.maximum.at(largest, at[counted], self.vote[counted])
        n_votes = np.bincount(at[counted], minlength=len(item_idx)).astype(np.float32)
        return largest, np.divide(self.total[item_idx], np.maximum(n_votes, np.float32(1.0)), dtype=np.float32)


class VotingSource:
    """What sources share whose score of an item is the sum of votes of the user's own items."""

    __slots__ = ()

    def found(self, asked: Votes, n: int, allowed: Mask | None) -> ItemPositions:
        """The items of the most votes."""
        return best_of(asked.total, n, allowed)

    def score(self, asked: Votes, item_idx: ItemPositions) -> Float32:
        """The sum of the votes."""
        votes: Float32 = asked.total[item_idx]
        return votes
