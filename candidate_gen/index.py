"""The FAISS index over item factors: its kind follows the catalogue's size, and it is taken only if measured good.

Small catalogues are searched exactly. In a large one, the items of the largest factors are searched exactly: an inner
product is bounded by the norm of the factor, so that an item of a small one is never among the best. For the same
reason a search goes from the largest on, and ends where none that is left can be among the best (docs/adr/0003).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
from pydantic import Field

from shortlist.config import ConfigModel

Factors = npt.NDArray[np.float32]
EXACT: tuple[str, float] = ("Flat", 1.0)
N_CELLS = 4_096
BLOCK = 8_192
"""Items that are searched together."""

ROUNDING = np.float32(1.0001)
"""By how much a processor's norms may differ from another's."""

OVER_FETCH, MOST_OVER_FETCH = 1.2, 5
"""How many times the expected number of places is asked for where a filter applies, and the most at which that pays."""


class IndexConfig(ConfigModel):
    """When an index is good enough, and how many users it is measured with."""

    min_recall: float = Field(default=0.99, ge=0, le=1)
    n_probe_users: int = Field(default=500, ge=1)
    exact_below_items: int = Field(default=20_000, ge=0)
    cells_above_items: int = Field(default=200_000, ge=0)


@dataclass(frozen=True, slots=True)
class IndexChoice:
    """What was built: the FAISS factory string, the share of items in it (largest factors first), the recall found."""

    factory: str
    share_of_items: float
    recall: float


@dataclass(frozen=True, slots=True)
class FactorIndex:
    """Maximum inner product search, one query at a time.

    Attributes
    ----------
    index : faiss.Index
    items : ndarray of int32, shape (n_indexed,)
        The item at each position of the index.
    bounds : ndarray of float32, shape (n_blocks,)
        The largest norm in each block of `BLOCK` positions and in those after it; one where all are searched at once.
    """

    index: Any
    items: npt.NDArray[np.int32]
    bounds: Factors

    def search(self, factor: Factors, n: int, allowed: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.int32]:
        """The `n` items of the largest inner product, best first; fewer when fewer are indexed or allowed.

        Parameters
        ----------
        factor : ndarray of float32, shape (factors,)
        allowed : ndarray of bool, shape (n_items,), optional
            Items that may be found; all without it.

        Returns
        -------
        ndarray of int32, shape (<= n,)
        """
        if not n or not len(self.items):
            return np.zeros(0, dtype=np.int32)
        found = self._places(factor, n) if allowed is None else self._allowed_places(factor, n, allowed[self.items])
        best: npt.NDArray[np.int32] = self.items[found[found >= 0]]
        return best

    def _allowed_places(self, factor: Factors, n: int, fits: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """The best places among those that fit: of somewhat more of all, or, where few fit, by asking for these alone.

        FAISS looks at each item much longer when it is told which ones it may find.
        """
        n_fitting = int(np.count_nonzero(fits))
        more = int(OVER_FETCH * n * len(fits) / max(n_fitting, 1)) + n // 4
        if more <= MOST_OVER_FETCH * n and not isinstance(self.index, faiss.IndexIVF):
            found = self._places(factor, more)
            found = found[fits[found]]
            if len(found) >= n or more >= len(fits):
                return found[:n]
        return self._search(factor, n, _only(self.index, fits))[1]

    def _places(self, factor: Factors, n: int) -> npt.NDArray[np.int64]:
        """Block by block, until no factor that is left can be among the best: ``x.y <= |x| |y|``."""
        if len(self.bounds) == 1:
            return self._search(factor, n)[1]
        scores, found = self._search(factor, n, _block(0))
        bounds = np.linalg.norm(factor) * self.bounds
        for number in range(1, len(bounds)):
            if bounds[number] <= scores[-1]:
                break
            more = self._search(factor, n, _block(number))
            scores, found = np.concatenate((scores, more[0])), np.concatenate((found, more[1]))
            best = np.argsort(-scores, kind="stable")[: min(n, len(self.items))]
            scores, found = scores[best], found[best]
        return found

    def _search(self, factor: Factors, n: int, parameters: Any = None) -> tuple[Factors, npt.NDArray[np.int64]]:
        """Inner products and places, best first; places of -1 and the least product where there are fewer than `n`."""
        scores, found = self.index.search(factor[None, :], min(n, len(self.items)), params=parameters)
        return scores[0], found[0]

    def to_bytes(self) -> bytes:
        """The FAISS index as FAISS writes it."""
        content: bytes = faiss.serialize_index(self.index).tobytes()
        return content


def open_index(path: Path, items: npt.NDArray[np.int32], item_factors: Factors) -> FactorIndex:
    """Map an index file whose hash has been checked (FAISS trusts what it reads), for one thread a search.

    Raises
    ------
    ValueError
        When its vectors are not as many, or not as long, as the factors of `items`.
    """
    faiss.omp_set_num_threads(1)
    index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    if (index.ntotal, index.d) != (len(items), item_factors.shape[1]):
        raise ValueError(f"{index.ntotal} vectors of {index.d} for {len(items)} items of {item_factors.shape[1]}")
    return FactorIndex(index, items, _bounds(index, item_factors[items]))


def build_index(
    item_factors: Factors, user_factors: Factors, n_candidates: int, config: IndexConfig
) -> tuple[FactorIndex, IndexChoice]:
    """Build the cheapest index that is good enough.

    The kinds that the catalogue's size allows are tried from the cheapest on. One is accepted when, over
    `user_factors`, it finds at least ``config.min_recall`` of the exact best `n_candidates`; the exact index always is.

    Parameters
    ----------
    item_factors : ndarray of float32, shape (n_items, factors)
    user_factors : ndarray of float32, shape (n_users, factors)
        Factors of real users, to measure with.
    """
    faiss.omp_set_num_threads(1)  # a search for one user is too small to share, and waiting threads cost more
    norms = np.linalg.norm(item_factors, axis=1)
    by_norm = np.argsort(-norms, kind="stable").astype(np.int32)
    exact = _build(*EXACT, item_factors, by_norm)
    wanted = [exact.search(factor, n_candidates) for factor in user_factors]
    for kind in _kinds(len(item_factors), config) if len(user_factors) else []:
        index = _build(*kind, item_factors, by_norm)
        recall = _recall(wanted, [index.search(factor, n_candidates) for factor in user_factors])
        if recall >= config.min_recall:
            return index, IndexChoice(*kind, recall)
    return exact, IndexChoice(*EXACT, 1.0)


def _kinds(n_items: int, config: IndexConfig) -> list[tuple[str, float]]:
    """Factory strings and shares of items worth trying before the exact index, cheapest first."""
    if n_items < config.exact_below_items:
        return []
    heads = [("Flat", 0.125), ("Flat", 0.25), ("Flat", 0.5)]
    has_cells = n_items >= max(config.cells_above_items, N_CELLS)
    return [(f"IVF{N_CELLS},SQ8", 1.0), *heads] if has_cells else heads


def _build(factory: str, share: float, item_factors: Factors, by_norm: npt.NDArray[np.int32]) -> FactorIndex:
    items = by_norm[: int(np.ceil(share * len(by_norm)))]
    index = faiss.index_factory(item_factors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    index.train(item_factors[items])
    index.add(item_factors[items])
    if isinstance(index, faiss.IndexIVF):
        index.nprobe = index.nlist // 16
    return FactorIndex(index, items, _bounds(index, item_factors[items]))


def _bounds(index: Any, indexed: Factors) -> Factors:
    """The largest norm from the beginning of each block on; a single one of cells, and where norms do not fall."""
    norms = np.linalg.norm(indexed, axis=1)
    bounds: Factors = np.maximum.accumulate(norms[::-1])[::-1][::BLOCK]
    falls = np.all(norms[1:] <= norms[:-1] * ROUNDING)
    return bounds if falls and not isinstance(index, faiss.IndexIVF) else bounds[:1]


@cache
def _block(number: int) -> Any:
    """Search parameters that look at one block: FAISS reads no other vector."""
    return faiss.SearchParameters(sel=faiss.IDSelectorRange(number * BLOCK, (number + 1) * BLOCK))


def _only(index: Any, allowed: npt.NDArray[np.bool_]) -> Any:
    """Search parameters that look at the allowed positions alone, in every cell."""
    selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(sel=selector, nprobe=index.nlist)
    return faiss.SearchParameters(sel=selector)


def _recall(wanted: list[npt.NDArray[np.int32]], found: list[npt.NDArray[np.int32]]) -> float:
    """Mean share of the wanted items that were found, user by user."""
    shares = [np.isin(one, other).mean() for one, other in zip(wanted, found, strict=True) if len(one)]
    return float(np.mean(shares)) if shares else 1.0
