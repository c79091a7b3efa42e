"""The user's own items: what was bought or looked at before, by frequency and recency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile
from candidate_gen.source import Array, DenseSource, Float32, Sizes, SourceConfig, StoredArrays
from data.arrays.past import Past
from data.attributes import ItemAttributes


class HistoryConfig(SourceConfig):
    """How many of the user's items."""

    limit: int = Field(default=200, ge=0)


@dataclass(frozen=True, slots=True)
class History(DenseSource):
    """The decayed weight of each of the user's items."""

    n_items: int

    name: ClassVar[str] = "history"
    reason: ClassVar[str] = "seen_before"
    Config: ClassVar[type[SourceConfig]] = HistoryConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: HistoryConfig, rng: int) -> Self:
        """There is nothing to learn."""
        del attributes, config, rng
        return cls(past.n_items)

    def ask(self, profile: UserProfile) -> Float32:
        """The decayed weight of every item, float32, shape (n_items,)."""
        weight = np.zeros(self.n_items, dtype=np.float32)
        weight[profile.item_idx] = np.maximum(profile.decayed_at(INTEREST_HALF_LIFE_DAYS), np.float32(1e-30))
        return weight

    def arrays(self) -> Mapping[str, Array | bytes]:
        """Nothing: the histories are in the bundle as they are."""
        return {}

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: HistoryConfig, sizes: Sizes) -> Self:
        """Nothing to map."""
        del stored, config
        return cls(sizes.n_items)
