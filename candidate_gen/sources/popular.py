"""What everybody buys lately. It is asked for everybody, and fills lists that would be short."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from candidate_gen.popularity import decayed_customers
from candidate_gen.profile import UserProfile
from candidate_gen.source import Array, Float32, ItemPositions, Mask, Sizes, SourceConfig, StoredArrays
from data.arrays.past import Past
from data.attributes import ItemAttributes
from shortlist.checks import check_range
from shortlist.errors import BundleError


class PopularConfig(SourceConfig):
    """How fast popularity fades. At least one candidate, since popular items fill lists."""

    limit: int = Field(default=80, ge=1)
    half_life_days: float = Field(default=14.0, gt=0)


@dataclass(frozen=True, slots=True)
class Popular:
    """Items in order of recent popularity.

    Attributes
    ----------
    popularity : ndarray of float32, shape (n_items,)
        Customers, as `decayed_customers` counts them.
    order : ndarray of int32, shape (n_items,)
        All items, the most popular first; items without an event come last, so that any list can be filled.
    """

    popularity: Float32
    order: npt.NDArray[np.int32]

    name: ClassVar[str] = "popular"
    reason: ClassVar[str] = "popular"
    Config: ClassVar[type[SourceConfig]] = PopularConfig
    needs_history: ClassVar[bool] = False

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: PopularConfig, rng: int) -> Self:
        """Count customers, the longer ago they had an item the less."""
        del attributes, rng
        return cls.of(decayed_customers(past, config.half_life_days))

    @classmethod
    def of(cls, popularity: Float32) -> Self:
        """Order items by a popularity, the smaller position first among equals."""
        return cls(popularity, np.argsort(-popularity, kind="stable").astype(np.int32))

    def top(self, n: int, allowed: Mask | None = None) -> ItemPositions:
        """The `n` most popular items of those allowed, also such as were never bought."""
        if allowed is None:
            return self.order[:n]
        looked_at = 4 * n
        while True:
            head = self.order[:looked_at]
            found = head[allowed[head]]
            if len(found) >= n or looked_at >= len(self.order):
                return found[:n]
            looked_at *= 8

    def ask(self, profile: UserProfile) -> Float32:
        """The popularity of every item, the same for everybody."""
        del profile
        return self.popularity

    def found(self, asked: Float32, n: int, allowed: Mask | None) -> ItemPositions:
        """The most popular items."""
        del asked
        return self.top(n, allowed)

    def score(self, asked: Float32, item_idx: ItemPositions) -> Float32:
        """The popularity."""
        scores: Float32 = asked[item_idx]
        return scores

    def arrays(self) -> Mapping[str, Array | bytes]:
        """Popularity and order."""
        return {"score": self.popularity, "order": self.order}

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: PopularConfig, sizes: Sizes) -> Self:
        """Map them. Raises ``BundleError`` when the order names an item twice."""
        del config
        score, order = stored.array("score", sizes.n_items), stored.array("order", sizes.n_items)
        check_range("popular_order", order, 0, max(sizes.n_items, 1))
        if len(np.unique(order)) < sizes.n_items:
            raise BundleError("popular_order: names an item twice. Train again.")
        return cls(score, order)
