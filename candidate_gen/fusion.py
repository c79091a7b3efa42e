"""How likely an item is wanted that a source ranks so high: measured on labels, and joined over the sources."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from candidate_gen.kernels import fuse_ranks
from candidate_gen.source import Float32, ItemPositions

EDGES: Final = np.array([1, 2, 3, 4, 6, 9, 13, 21, 33, 51, 81, 121, 201])
"""The first rank of each bucket that hits are counted in."""

PRIOR_FINDS: Final = 50.0
"""Each bucket is taken to have so many finds more, wanted as often as the source's finds are on average."""

_LOG_EDGES: Final = np.log(EDGES.astype(np.float64))
TIE_BREAK: Final = np.float32(1e-3)
RECIPROCAL_RANK_CONSTANT: Final = np.float32(60.0)


@dataclass(frozen=True, slots=True)
class Fusion:
    """The chance that a find is wanted, for each source and rank.

    Attributes
    ----------
    chance : ndarray of float32, shape (n_sources, n_buckets)
        At the first rank of each bucket, never rising with the rank; linear in the logarithm of the rank between them.
    """

    chance: Float32
    _missed: npt.NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ranks = np.log(np.arange(1, EDGES[-1] + 1))
        missed = [1.0 - np.interp(ranks, _LOG_EDGES, chance) for chance in self.chance]
        table = np.ones((len(self.chance), len(ranks) + 1))  # column 0 stands for no rank
        table[:, 1:] = np.reshape(missed, (len(self.chance), len(ranks)))
        object.__setattr__(self, "_missed", table)

    def score(self, rank: Float32) -> Float32:
        """``1 - product over the sources that found it of (1 - chance at its rank)``, float32, shape (n,).

        A thousandth of the reciprocal ranks is added, so that items of one chance stand by their ranks.

        Parameters
        ----------
        rank : ndarray of float32, shape (n_sources, n)
            0 where a source did not find the item.
        """
        fused: Float32 = fuse_ranks(rank, self._missed, RECIPROCAL_RANK_CONSTANT, TIE_BREAK)
        return fused


def reciprocal_ranks(rank: Float32) -> Float32:
    """Reciprocal rank fusion: the sum over the sources that found an item of ``1 / (60 + rank)``.

    Cormack, Clarke and Buettcher, SIGIR 2009, with their constant of 60. Float32, shape (n,).
    """
    fused: Float32 = fuse_ranks(rank, np.ones((len(rank), 1)), RECIPROCAL_RANK_CONSTANT, np.float32(1.0))
    return fused


def fit_fusion(n_sources: int, answers: Iterable[tuple[list[ItemPositions], ItemPositions]]) -> Fusion:
    """Count how often finds are wanted, by source and rank.

    Parameters
    ----------
    answers : iterable of (found, wanted)
        For each user what every source found, best first, and the labelled items.
    """
    finds = np.zeros((n_sources, len(EDGES)))
    hits = np.zeros_like(finds)
    for found, wanted in answers:
        for source, items in enumerate(found):
            bucket = np.searchsorted(EDGES, np.arange(1, len(items) + 1), side="right") - 1
            finds[source] += np.bincount(bucket, minlength=len(EDGES))
            hits[source] += np.bincount(bucket, np.isin(items, wanted), minlength=len(EDGES))
    mean = hits.sum(axis=1, keepdims=True) / np.maximum(finds.sum(axis=1, keepdims=True), 1)
    chance = (hits + PRIOR_FINDS * mean) / (finds + PRIOR_FINDS)
    falling = [_falling(row, weight) for row, weight in zip(chance, finds + PRIOR_FINDS, strict=True)]
    return Fusion(np.array(falling, dtype=np.float32).reshape(n_sources, len(EDGES)))


def _falling(chance: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    fitted: npt.NDArray[np.float64] = isotonic_regression(chance, weights=weight, increasing=False).x
    return fitted
