"""Item neighbours: what those who bought an item also bought.

Cosine between the columns of the decayed users x items matrix; Sarwar et al., "Item-based Collaborative Filtering
Recommendation Algorithms", WWW 2001, and Deshpande and Karypis, TOIS 2004.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from implicit.nearest_neighbours import ItemItemRecommender
from pydantic import Field
from scipy.sparse import csr_matrix, diags_array

from candidate_gen.matrix import user_item_matrix
from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile
from data.interactions import Interactions
from shortlist.config import ConfigModel
from shortlist.ids import MISSING


class ItemKnnConfig(ConfigModel):
    """How neighbours are counted and how many are kept."""

    n_neighbors: int = Field(default=50, ge=1)
    half_life_days: float = Field(default=120.0, gt=0)
    min_users: int = Field(default=3, ge=1)
    recent_items: int = Field(default=150, ge=1)


@dataclass(frozen=True, slots=True)
class ItemKnn:
    """The nearest neighbours of each item.

    Attributes
    ----------
    neighbors : ndarray of int32, shape (n_items, n_neighbors)
        Best first, ``MISSING`` where an item has fewer.
    similarity : ndarray of float32, same shape
        0 where missing.
    recent_items : int
        How many of the user's strongest items take part.
    """

    neighbors: npt.NDArray[np.int32]
    similarity: npt.NDArray[np.float32]
    recent_items: int

    def scores(self, profile: UserProfile) -> npt.NDArray[np.float32]:
        """For every item, the sum of its similarity to the user's items, each weighted by recency and frequency.

        Returns
        -------
        ndarray of float32, shape (n_items,)
        """
        weight = profile.decayed_at(INTEREST_HALF_LIFE_DAYS)
        strongest = np.argsort(-weight, kind="stable")[: self.recent_items]
        sources = profile.item_idx[strongest]
        neighbors = self.neighbors[sources].ravel()
        votes = (self.similarity[sources] * np.log1p(weight[strongest])[:, None]).ravel()
        return np.bincount(neighbors + 1, votes, minlength=len(self.neighbors) + 1)[1:].astype(np.float32)

    def candidates(self, scores: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.int32]:
        """The `n` items of the largest score above zero, best first."""
        best = np.flatnonzero(scores > 0)
        if len(best) > n > 0:
            best = best[np.argpartition(-scores[best], n - 1)[:n]]
        best = best[np.lexsort((best, -scores[best]))]
        return best[:n].astype(np.int32)


def fit_item_knn(interactions: Interactions, as_of: int, config: ItemKnnConfig) -> ItemKnn:
    """Count neighbours over all interactions, which must lie before `as_of` (seconds), with `implicit`."""
    matrix = user_item_matrix(interactions, as_of, config.half_life_days)
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()).astype(np.float32)
    supported = np.bincount(matrix.indices, minlength=len(norms)) >= config.min_users
    scale = np.where(supported, 1.0 / np.maximum(norms, 1e-9), 0.0).astype(np.float32)
    scaled = csr_matrix(matrix @ diags_array(scale), dtype=np.float64)
    scaled.eliminate_zeros()
    model = ItemItemRecommender(K=config.n_neighbors + 1)  # an item is its own nearest neighbour
    model.fit(scaled, show_progress=False)
    return _neighbor_lists(model.similarity.tocsr(), config)


def _neighbor_lists(similarity: csr_matrix, config: ItemKnnConfig) -> ItemKnn:
    """Turn the rows of a sparse items x items matrix into lists of equal length, the item itself left out."""
    n_items = similarity.shape[0]
    row = np.repeat(np.arange(n_items), np.diff(similarity.indptr))
    kept = (similarity.indices != row) & (similarity.data > 0)
    row, column, value = row[kept], similarity.indices[kept], similarity.data[kept]
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    neighbors = np.full((n_items, config.n_neighbors), MISSING, dtype=np.int32)
    values = np.zeros((n_items, config.n_neighbors), dtype=np.float32)
    inside = place < config.n_neighbors
    neighbors[row[inside], place[inside]] = column[inside]
    values[row[inside], place[inside]] = value[inside]
    return ItemKnn(neighbors, values, config.recent_items)
