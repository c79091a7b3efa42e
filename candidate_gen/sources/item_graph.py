"""The linear filter on the graph of users and items: the best single source where times are missing.

``r R~' R~`` scaled back by the degrees of the items, with ``R~ = D_u^(-1/2) R D_i^(-1/2)``: the low-pass filter of
Shen et al., "How Powerful is Graph Convolution for Recommendation?", CIKM 2021. From one history item a to any b it is
the sum over the users of both of ``1 / (n items of the user * n users of a)``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix

from candidate_gen.neighbors import NeighborLists, nearest_of_product, scaled
from candidate_gen.profile import UserProfile
from candidate_gen.source import Array, Sizes, SourceConfig, StoredArrays
from candidate_gen.votes import Votes, VotingSource
from data.arrays.past import Past
from data.attributes import ItemAttributes

MAX_ITEMS_OF_USER: Final = 2_000
"""A user of more items, a reseller's account maybe, links everything a little, at a cost that grows with the square."""


class ItemGraphConfig(SourceConfig):
    """How many neighbours of each item are kept."""

    limit: int = Field(default=80, ge=0)
    n_neighbors: int = Field(default=100, ge=1)
    recent_items: int = Field(default=150, ge=1)


@dataclass(frozen=True, slots=True)
class ItemGraph(VotingSource):
    """The strongest links of each item, and how many of the user's last items are followed."""

    lists: NeighborLists
    recent_items: int

    name: ClassVar[str] = "item_graph"
    reason: ClassVar[str] = "linked_items"
    Config: ClassVar[type[SourceConfig]] = ItemGraphConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: ItemGraphConfig, rng: int) -> Self:
        """Multiply out the filter and keep each item's strongest links."""
        del attributes, rng
        pairs = past.pairs()
        n_items = np.maximum(np.diff(pairs.indptr), 1).astype(np.float32)
        pairs = scaled(pairs, rows=(n_items <= MAX_ITEMS_OF_USER).astype(np.float32))
        n_users = np.maximum(np.bincount(pairs.indices, minlength=past.n_items), 1).astype(np.float32)
        left = scaled(pairs, rows=np.float32(1.0) / n_items, columns=np.float32(1.0) / n_users)
        return cls(nearest_of_product(csr_matrix(left.T), pairs, config.n_neighbors), config.recent_items)

    def ask(self, profile: UserProfile) -> Votes:
        """For every item, the sum of its links to the user's last items, whenever they were had."""
        return self.lists.latest_votes(profile, 1.0, self.recent_items)

    def arrays(self) -> Mapping[str, Array | bytes]:
        """The lists."""
        return self.lists.arrays()

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: ItemGraphConfig, sizes: Sizes) -> Self:
        """Map the lists."""
        return cls(NeighborLists.from_arrays(stored, sizes), config.recent_items)
