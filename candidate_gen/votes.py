"""How a user's own items vote for others: the sum, the largest vote and their mean."""

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from candidate_gen.kernels import add_up_votes
from candidate_gen.source import Float32, ItemPositions, Mask, best_among
from candidate_gen.sparse import places_among

_kept = threading.local()


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of a user's items, by the items that have any.

    Attributes
    ----------
    items : ndarray of int32, shape (n,)
        Ascending.
    total, largest, mean : ndarray of float32, shape (n,)
        The sum of the votes for each, the largest of them, and their mean.
    """

    items: ItemPositions
    total: Float32
    largest: Float32
    mean: Float32

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
        return cls(*add_up_votes(neighbors, similarity, voters, weight, *_workspace(len(neighbors))))

    def best(self, n: int, allowed: Mask | None) -> ItemPositions:
        """The `n` items of the largest sum above zero of those allowed, best first."""
        fits = self.total > 0 if allowed is None else (self.total > 0) & allowed[self.items]
        return best_among(self.items[fits], self.total[fits], n)

    def of_items(self, item_idx: ItemPositions) -> tuple[Float32, Float32, Float32]:
        """Sum, largest and mean for some items; 0 where there is no vote."""
        place, there = places_among(self.items, item_idx)
        said = np.zeros((3, len(item_idx)), dtype=np.float32)
        for row, values in zip(said, (self.total, self.largest, self.mean), strict=True):
            row[there] = values[place[there]]
        return said[0], said[1], said[2]


class VotingSource:
    """What sources share whose score of an item is the sum of votes of the user's own items."""

    __slots__ = ()

    def found(self, asked: Votes, n: int, allowed: Mask | None) -> ItemPositions:
        """The items of the most votes."""
        return asked.best(n, allowed)

    def score(self, asked: Votes, item_idx: ItemPositions) -> Float32:
        """The sum of the votes."""
        return asked.of_items(item_idx)[0]


def _workspace(n_items: int) -> tuple[npt.NDArray[np.float64], Float32, npt.NDArray[np.int32]]:
    """The kernel's workspace in this thread, made anew where the number of items is another."""
    kept: tuple[npt.NDArray[np.float64], Float32, npt.NDArray[np.int32]] | None = getattr(_kept, "workspace", None)
    if kept is None or len(kept[0]) != n_items:
        kept = np.zeros(n_items), np.zeros(n_items, dtype=np.float32), np.zeros(n_items, dtype=np.int32)
        _kept.workspace = kept
    return kept
