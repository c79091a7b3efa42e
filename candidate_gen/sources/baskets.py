"""What is bought together: in one basket with the user's latest items."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix

from candidate_gen.neighbors import NeighborLists, nearest_of_product, scaled
from candidate_gen.profile import UserProfile
from candidate_gen.source import Array, Sizes, SourceConfig, StoredArrays
from candidate_gen.visits import Visits, baskets
from candidate_gen.votes import Votes, VotingSource
from data.arrays.past import Past
from data.attributes import ItemAttributes

MIN_SHARE_WITH_SEVERAL: Final = 0.1
"""Where fewer of the users have a second basket, a basket says no more than the whole history."""


MAX_ITEMS_OF_BASKET: Final = 500
"""In a larger basket everything stands with everything, at a cost that grows with the square."""


class BasketsConfig(SourceConfig):
    """How pairs within a basket are counted, and how the user's own items vote."""

    limit: int = Field(default=50, ge=0)
    n_neighbors: int = Field(default=60, ge=1)
    shrinkage: float = Field(default=10.0, ge=0)
    place_decay: float = Field(default=0.7, gt=0, le=1)
    recent_items: int = Field(default=100, ge=1)


@dataclass(frozen=True, slots=True)
class Baskets(VotingSource):
    """The items found in one basket with each item, and how the user's own vote."""

    lists: NeighborLists
    place_decay: float
    recent_items: int

    name: ClassVar[str] = "baskets"
    reason: ClassVar[str] = "bought_together"
    Config: ClassVar[type[SourceConfig]] = BasketsConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: BasketsConfig, rng: int) -> Self:
        """Cosine over baskets, shrunk by their number; nothing where nearly every user has but one."""
        del attributes, rng
        visits = baskets(past)
        is_told = np.diff(visits.items.indptr) <= (MAX_ITEMS_OF_BASKET if _has_several(visits) else 0)
        kept = scaled(visits.items, rows=is_told.astype(np.float32))
        support = np.sqrt(np.asarray(kept.sum(axis=0), dtype=np.float32).ravel() + np.float32(config.shrinkage) + 1e-9)
        unit = scaled(kept, columns=(1 / support).astype(np.float32))
        return cls(
            nearest_of_product(csr_matrix(unit.T), unit, config.n_neighbors), config.place_decay, config.recent_items
        )

    def ask(self, profile: UserProfile) -> Votes:
        """For every item, how often it is in a basket with the user's last items, the newest most."""
        return self.lists.latest_votes(profile, self.place_decay, self.recent_items)

    def arrays(self) -> Mapping[str, Array | bytes]:
        """The lists."""
        return self.lists.arrays()

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: BasketsConfig, sizes: Sizes) -> Self:
        """Map the lists."""
        return cls(NeighborLists.from_arrays(stored, sizes), config.place_decay, config.recent_items)


def _has_several(visits: Visits) -> bool:
    n_baskets = np.bincount(visits.user_idx)
    return bool(np.mean(n_baskets[n_baskets > 0] > 1) >= MIN_SHARE_WITH_SEVERAL) if len(visits) else False
