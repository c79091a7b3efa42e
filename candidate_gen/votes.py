"""How a user's own items vote for others: the sum, the largest vote and their mean."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from candidate_gen.kernels import add_up_votes, look_up
from candidate_gen.source import Float32, ItemPositions, Mask, best_among
from candidate_gen.workspaces import workspace


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of a user's items, by the items that have any.

    Attributes
    ----------
    items : ndarray of int32, shape (n,)
        Ascending.
    said : ndarray of float32, shape (3, n)
        The sum of the votes for each, the largest of them, and their mean.
    """

    items: ItemPositions
    said: Float32

    @classmethod
    def of(
        cls, neighbors: ItemPositions, similarity: Float32, voters: npt.NDArray[np.integer], weight: Float32
    ) -> "Votes":
        """Let some items vote for their neighbours, each by its similarity times the voter's weight.

        Parameters
        ----------
        neighbors : ndarray of int32, shape (n_items, n_neighbors)
            ``MISSING`` where an item has fewer.
        similarity : ndarray of float32, same shape
        voters : ndarray of int, shape (n,)
        weight : ndarray of float32, shape (n,)
        """
        tally = workspace("tally", len(neighbors), 4, dtype=np.float32)
        return cls(*add_up_votes(neighbors, similarity, voters, weight, tally))

    def best(self, n: int, allowed: Mask | None) -> ItemPositions:
        """The `n` items of the largest sum above zero of those allowed, best first."""
        return best_among(self.items, self.said[0], n, allowed)

    def of_items(self, item_idx: ItemPositions) -> Float32:
        """Sum, largest and mean for some items, float32, shape (3, n); 0 where there is no vote."""
        said: Float32 = look_up(self.items, self.said, item_idx)
        return said


class VotingSource:
    """What sources share whose score of an item is the sum of votes of the user's own items."""

    __slots__ = ()

    def found(self, asked: Votes, n: int, allowed: Mask | None) -> ItemPositions:
        """The items of the most votes."""
        return asked.best(n, allowed)

    def score(self, asked: Votes, item_idx: ItemPositions) -> Float32:
        """The sum of the votes."""
        scores: Float32 = asked.of_items(item_idx)[0]
        return scores
