"""Items like the user's latest, by what the catalogue says of them."""

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

POPULARITY_SHARE: Final = np.float32(0.1)
"""How much more the most popular of two like items counts than one that nobody had."""


class ContentConfig(SourceConfig):
    """How many like items are kept, and how the user's own items vote."""

    limit: int = Field(default=40, ge=0)
    n_neighbors: int = Field(default=40, ge=1)
    place_decay: float = Field(default=0.6, gt=0, le=1)
    recent_items: int = Field(default=50, ge=1)


@dataclass(frozen=True, slots=True)
class Content(VotingSource):
    """The items most like each item, and how the user's own vote."""

    lists: NeighborLists
    place_decay: float
    recent_items: int

    name: ClassVar[str] = "content"
    reason: ClassVar[str] = "similar_items"
    Config: ClassVar[type[SourceConfig]] = ContentConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: ContentConfig, rng: int) -> Self:
        """Cosine of the words' weights times ``1 + log1p(n users) / (10 log1p(most users))``."""
        del rng
        content = attributes.content
        n_users = np.log1p(np.bincount(past.pairs().indices, minlength=past.n_items)).astype(np.float32)
        liveliness = 1 + POPULARITY_SHARE * n_users / np.maximum(n_users.max(initial=0.0), np.float32(1.0))
        known = scaled(content, rows=(n_users > 0).astype(np.float32))
        lively = scaled(csr_matrix(content.T), columns=liveliness)
        return cls(nearest_of_product(known, lively, config.n_neighbors), config.place_decay, config.recent_items)

    def ask(self, profile: UserProfile) -> Votes:
        """For every item, how like the user's last items it is, the newest counting most."""
        return self.lists.latest_votes(profile, self.place_decay, self.recent_items)

    def arrays(self) -> Mapping[str, Array | bytes]:
        """The lists."""
        return self.lists.arrays()

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: ContentConfig, sizes: Sizes) -> Self:
        """Map the lists."""
        return cls(NeighborLists.from_arrays(stored, sizes), config.place_decay, config.recent_items)
