"""Lists of related items, and following them from a user's own: what most sources do."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csr_matrix, diags_array
from sparse_dot_topn import sp_matmul_topn

from candidate_gen.profile import UserProfile
from candidate_gen.source import Array, Float32, ItemPositions, Sizes, StoredArrays
from candidate_gen.votes import Votes
from shortlist.checks import check_range
from shortlist.ids import MISSING


@dataclass(frozen=True, slots=True)
class NeighborLists:
    """The items most related to each item.

    Attributes
    ----------
    neighbors : ndarray of int32, shape (n_items, n_neighbors)
        Best first, ``MISSING`` where an item has fewer.
    similarity : ndarray of float32, same shape
        0 where missing.
    """

    neighbors: ItemPositions
    similarity: Float32

    def votes(self, items: ItemPositions, weight: Float32) -> Votes:
        """What each of `items` says of its neighbours: its similarity, weighted."""
        return Votes.of(self.neighbors, self.similarity, items, weight.astype(np.float32, copy=False))

    def latest_votes(self, profile: UserProfile, place_decay: float, n: int) -> Votes:
        """The votes of the user's last `n` items, each times `place_decay` for every moment since."""
        latest = profile.latest_first[:n]
        return self.votes(profile.item_idx[latest], np.float32(place_decay) ** profile.moments_since[latest])

    def arrays(self) -> Mapping[str, Array | bytes]:
        """Both arrays, for a bundle."""
        return {"neighbors": self.neighbors, "similarity": self.similarity}

    @classmethod
    def from_arrays(cls, stored: StoredArrays, sizes: Sizes) -> Self:
        """Map both arrays. Raises ``BundleError`` when they do not fit."""
        neighbors = stored.array("neighbors", sizes.n_items, None)
        similarity = stored.array("similarity", *neighbors.shape)
        check_range(f"{stored.prefix}_neighbors", neighbors, MISSING, sizes.n_items)
        return cls(neighbors, similarity)


def nearest_of_product(left: csr_matrix, right: csr_matrix, n_neighbors: int) -> NeighborLists:
    """The largest positive entries of each row of ``left @ right``, which is never held whole; no item is its own.

    Parameters
    ----------
    left : csr_matrix of float32, shape (n_items, n)
    right : csr_matrix of float32, shape (n, n_items)
    """
    n_threads = os.cpu_count() or 1
    found = sp_matmul_topn(left, right, n_neighbors + 1, threshold=0.0, sort=True, n_threads=n_threads)
    return _lists_of_sorted(csr_matrix(found), n_neighbors)


def neighbor_lists(similarity: csr_matrix, n_neighbors: int) -> NeighborLists:
    """Turn the rows of a sparse items x items matrix into lists of equal length, the item itself left out."""
    row = np.repeat(np.arange(similarity.shape[0]), np.diff(similarity.indptr))
    order = np.lexsort((similarity.indices, -similarity.data, row))
    by_value = (similarity.data[order], similarity.indices[order], similarity.indptr)
    return _lists_of_sorted(csr_matrix(by_value, shape=similarity.shape), n_neighbors)


def _lists_of_sorted(similarity: csr_matrix, n_neighbors: int) -> NeighborLists:
    """The same of rows that fall already."""
    n_items = similarity.shape[0]
    row = np.repeat(np.arange(n_items), np.diff(similarity.indptr))
    kept = np.flatnonzero((similarity.indices != row) & (similarity.data > 0))
    row, column, value = row[kept], similarity.indices[kept], similarity.data[kept]
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_items))])
    place = np.arange(len(row)) - starts[row]
    inside = place < n_neighbors
    neighbors = np.full((n_items, n_neighbors), MISSING, dtype=np.int32)
    values = np.zeros((n_items, n_neighbors), dtype=np.float32)
    neighbors[row[inside], place[inside]] = column[inside]
    values[row[inside], place[inside]] = value[inside]
    return NeighborLists(neighbors, values)


def scaled(matrix: csr_matrix, rows: Float32 | None = None, columns: Float32 | None = None) -> csr_matrix:
    """The matrix with its rows and columns multiplied, entries of zero taken out; float32."""
    result = matrix if rows is None else diags_array(rows) @ matrix
    result = csr_matrix(result if columns is None else result @ diags_array(columns), dtype=np.float32)
    result.eliminate_zeros()
    return result
