"""Scores of a few items, for sources that say nothing of all the others."""

from dataclasses import dataclass

import numpy as np

from candidate_gen.kernels import look_up
from candidate_gen.source import Float32, ItemPositions, Mask, best_among


@dataclass(frozen=True, slots=True)
class SparseScores:
    """Scores by item.

    Attributes
    ----------
    items : ndarray of int32, shape (n,)
        Ascending, none twice; every other item has the score 0.
    score : ndarray of float32, shape (n,)
    """

    items: ItemPositions
    score: Float32

    @classmethod
    def none(cls) -> "SparseScores":
        """No item has a score."""
        return cls(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))

    def best(self, n: int, allowed: Mask | None) -> ItemPositions:
        """The `n` items of the largest score above zero of those allowed, best first."""
        return best_among(self.items, self.score, n, allowed)

    def of_items(self, item_idx: ItemPositions) -> Float32:
        """The scores of some items."""
        scores: Float32 = look_up(self.items, self.score[None, :], item_idx)[0]
        return scores


class SparseSource:
    """What sources share whose answer is `SparseScores`."""

    __slots__ = ()

    def found(self, asked: SparseScores, n: int, allowed: Mask | None) -> ItemPositions:
        """The items of the largest score above zero."""
        return asked.best(n, allowed)

    def score(self, asked: SparseScores, item_idx: ItemPositions) -> Float32:
        """The scores, 0 where there is none."""
        return asked.of_items(item_idx)
