"""The user's own items: what was bought or looked at before, by frequency and recency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile
from candidate_gen.source import Array, Sizes, SourceConfig, StoredArrays
from candidate_gen.sparse import SparseScores, SparseSource
from data.arrays.past import Past
from data.attributes import ItemAttributes


class HistoryConfig(SourceConfig):
    """How many of the user's items."""

    limit: int = Field(default=200, ge=0)


@dataclass(frozen=True, slots=True)
class History(SparseSource):
    """The decayed weight of each of the user's items."""

    name: ClassVar[str] = "history"
    reason: ClassVar[str] = "seen_before"
    Config: ClassVar[type[SourceConfig]] = HistoryConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: HistoryConfig, rng: int) -> Self:
        """There is nothing to learn."""
        del past, attributes, config, rng
        return cls()

    def ask(self, profile: UserProfile) -> SparseScores:
        """The decayed weight of each of them."""
        weight = profile.decayed_at(INTEREST_HALF_LIFE_DAYS)
        return SparseScores(profile.item_idx, np.maximum(weight, np.float32(1e-30)))

    def arrays(self) -> Mapping[str, Array | bytes]:
        """Nothing: the histories are in the bundle as they are."""
        return {}

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: HistoryConfig, sizes: Sizes) -> Self:
        """Nothing to map."""
        del stored, config, sizes
        return cls()
