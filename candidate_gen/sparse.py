"""Scores of a few items, for sources that say nothing of all the others."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
        fits = self.score > 0 if allowed is None else (self.score > 0) & allowed[self.items]
        return best_among(self.items[fits], self.score[fits], n)

    def of_items(self, item_idx: ItemPositions) -> Float32:
        """The scores of some items."""
        place, there = places_among(self.items, item_idx)
        scores: Float32 = np.zeros(len(item_idx), dtype=np.float32)
        scores[there] = self.score[place[there]]
        return scores


def places_among(items: ItemPositions, wanted: ItemPositions) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.bool_]]:
    """Where each of some items stands among ascending ones, and whether it is there."""
    place: npt.NDArray[np.integer] = np.searchsorted(items, wanted)
    there = np.zeros(len(wanted), dtype=np.bool_)
    if len(items):
        place = np.minimum(place, len(items) - 1)
        np.equal(items[place], wanted, out=there)
    return place, there


class SparseSource:
    """What sources share whose answer is `SparseScores`."""

    __slots__ = ()

    def found(self, asked: SparseScores, n: int, allowed: Mask | None) -> ItemPositions:
        """The items of the largest score above zero."""
        return asked.best(n, allowed)

    def score(self, asked: SparseScores, item_idx: ItemPositions) -> Float32:
        """The scores, 0 where there is none."""
        return asked.of_items(item_idx)
