"""Item neighbours: what those who bought an item also bought.

Cosine between the columns of the decayed users x items matrix; Sarwar et al., "Item-based Collaborative Filtering
Recommendation Algorithms", WWW 2001, and Deshpande and Karypis, TOIS 2004.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from implicit.nearest_neighbours import ItemItemRecommender
from pydantic import Field
from scipy.sparse import csr_matrix, diags_array

from candidate_gen.kernels import best_places
from candidate_gen.neighbors import NeighborLists, neighbor_lists
from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile
from candidate_gen.source import Array, Sizes, SourceConfig, StoredArrays
from candidate_gen.votes import Votes, VotingSource
from data.arrays.past import Past
from data.attributes import ItemAttributes


class ItemKnnConfig(SourceConfig):
    """How neighbours are counted and how many are kept."""

    limit: int = Field(default=100, ge=0)
    n_neighbors: int = Field(default=50, ge=1)
    half_life_days: float = Field(default=120.0, gt=0)
    min_users: int = Field(default=3, ge=1)
    recent_items: int = Field(default=150, ge=1)


@dataclass(frozen=True, slots=True)
class ItemKnn(VotingSource):
    """The nearest neighbours of each item, and how many of the user's strongest items take part."""

    lists: NeighborLists
    recent_items: int

    name: ClassVar[str] = "item_knn"
    reason: ClassVar[str] = "chosen_together"
    Config: ClassVar[type[SourceConfig]] = ItemKnnConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: ItemKnnConfig, rng: int) -> Self:
        """Count neighbours with `implicit`."""
        del attributes, rng
        return cls(fit_neighbors(past, config), config.recent_items)

    def ask(self, profile: UserProfile) -> Votes:
        """For every item, the sum of its similarity to the user's items, each weighted by recency and frequency."""
        weight = profile.decayed_at(INTEREST_HALF_LIFE_DAYS)
        strongest = best_places(weight, self.recent_items, -np.inf)
        return self.lists.votes(profile.item_idx[strongest], np.log1p(weight[strongest]))

    def arrays(self) -> Mapping[str, Array | bytes]:
        """The lists."""
        return self.lists.arrays()

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: ItemKnnConfig, sizes: Sizes) -> Self:
        """Map the lists."""
        return cls(NeighborLists.from_arrays(stored, sizes), config.recent_items)


def fit_neighbors(past: Past, config: ItemKnnConfig) -> NeighborLists:
    """Cosine between the columns of the decayed users x items matrix, with `implicit`."""
    matrix = past.user_item_matrix(config.half_life_days)
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()).astype(np.float32)
    supported = np.bincount(matrix.indices, minlength=len(norms)) >= config.min_users
    scale = np.where(supported, 1.0 / np.maximum(norms, 1e-9), 0.0).astype(np.float32)
    scaled = csr_matrix(matrix @ diags_array(scale), dtype=np.float64)
    scaled.eliminate_zeros()
    model = ItemItemRecommender(K=config.n_neighbors + 1)  # an item is its own nearest neighbour
    model.fit(scaled, show_progress=False)
    return neighbor_lists(model.similarity.tocsr(), config.n_neighbors)
