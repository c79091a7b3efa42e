"""A user's merged candidates, with what each source says of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from candidate_gen.source import Float32, ItemPositions

FUSION_CONSTANT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Candidates:
    """A user's merged candidates, by item position.

    Attributes
    ----------
    item_idx : ndarray of int32, shape (n,)
        Ascending, no item twice.
    rank : ndarray of float32, shape (n_sources, n)
        From 1, a row for each of `sources`; 0 where a source did not find the item.
    score : ndarray of float32, shape (n_sources, n)
        Each source's score of every candidate, whichever source found it.
    sources : tuple of str
        The names of the sources.
    """

    item_idx: ItemPositions
    rank: Float32
    score: Float32
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.item_idx)

    def fused_score(self) -> Float32:
        """Reciprocal rank fusion over the sources: the order of stage one alone.

        Cormack, Clarke and Buettcher, SIGIR 2009, with their constant of 60. Float32, shape (n,).
        """
        reciprocal = np.where(self.rank > 0, 1.0 / (np.float32(FUSION_CONSTANT) + self.rank), np.float32(0.0))
        fused: Float32 = reciprocal.sum(axis=0, dtype=np.float32)
        return fused
