"""What users go on to have right after the item, or the basket, that the user had last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix

from candidate_gen.neighbors import NeighborLists, nearest_of_product, scaled
from candidate_gen.profile import UserProfile
from candidate_gen.source import Array, Sizes, SourceConfig, StoredArrays
from candidate_gen.visits import following, moments, shared
from candidate_gen.votes import Votes, VotingSource
from data.arrays.past import Past
from data.attributes import ItemAttributes


class LastItemConfig(SourceConfig):
    """How far ahead is counted."""

    limit: int = Field(default=50, ge=0)
    n_neighbors: int = Field(default=60, ge=1)
    max_distance: int = Field(default=2, ge=1, le=20)
    distance_decay: float = Field(default=0.5, gt=0, le=1)


@dataclass(frozen=True, slots=True)
class LastItem(VotingSource):
    """The items that follow each item at once, forward only."""

    lists: NeighborLists

    name: ClassVar[str] = "last_item"
    reason: ClassVar[str] = "next_after_last"
    Config: ClassVar[type[SourceConfig]] = LastItemConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: LastItemConfig, rng: int) -> Self:
        """Count what follows, against the popularity of both items as `transitions` does, but forward alone."""
        del attributes, rng
        visits = moments(past)
        support = np.sqrt(np.asarray(visits.items.sum(axis=0), dtype=np.float32).ravel()) + np.float32(3.0)
        before = scaled(shared(visits), columns=np.float32(1.0) / support)
        ahead = following(visits, config.max_distance, config.distance_decay)
        after = scaled(ahead, columns=support ** np.float32(-0.8))
        return cls(nearest_of_product(csr_matrix(before.T), after, config.n_neighbors))

    def ask(self, profile: UserProfile) -> Votes:
        """For every item, how strongly what the user had last leads to it."""
        last = np.flatnonzero(profile.moments_since == 0)
        return self.lists.votes(profile.item_idx[last], np.ones(len(last), dtype=np.float32))

    def arrays(self) -> Mapping[str, Array | bytes]:
        """The lists."""
        return self.lists.arrays()

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: LastItemConfig, sizes: Sizes) -> Self:
        """Map the lists."""
        del config
        return cls(NeighborLists.from_arrays(stored, sizes))
