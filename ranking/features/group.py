"""What a group of features is: names with their formulas, and the one function that fills them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from candidate_gen.candidates import Candidates
from candidate_gen.profile import UserProfile
from data.attributes import ItemAttributes
from ranking.item_stats import ItemStats

FloatArray = npt.NDArray[np.float32]

UNRANKED: Final = np.float32(1_000.0)
"""The rank of an item that a source did not find."""


@dataclass(frozen=True, slots=True)
class ItemSide:
    """What features know of the items: the same for every user of a bundle or snapshot.

    Attributes
    ----------
    stats : ItemStats
    category, top_category, brand : ndarray of int32, shape (n_items,)
        ``MISSING`` where unknown.
    rows : ndarray of float32, shape (n_items, n)
        What `ranking.features.item` reads of each item, in one stretch of memory.
    """

    stats: ItemStats
    category: npt.NDArray[np.int32]
    top_category: npt.NDArray[np.int32]
    brand: npt.NDArray[np.int32]
    rows: FloatArray

    @classmethod
    def of(cls, stats: ItemStats, attributes: ItemAttributes) -> Self:
        """Join statistics with the catalogue's groups."""
        return cls(stats, attributes.category, attributes.top_category(), attributes.brand, _rows(stats))


def _rows(stats: ItemStats) -> FloatArray:
    """Windows, trend, buyers, repeats, gap, age, idleness, price to category; price; parts of the day, weekdays."""
    plain = (stats.trend, stats.buyers_share, stats.repeat_rate, stats.gap_days, stats.age_days, stats.idle_days)
    price = (log_ratio(stats.price, stats.category_price), stats.price)
    return np.ascontiguousarray(np.vstack([stats.share, *plain, *price, stats.day_part, stats.weekday]).T)


def log_ratio(price: FloatArray, base: FloatArray) -> FloatArray:
    """Log ratio of two prices, 0 where either is unknown."""
    known = (price > 0) & (base > 0)
    return np.where(known, np.log(np.maximum(price, 1e-3) / np.maximum(base, 1e-3)), 0.0).astype(np.float32)


class FeatureGroup(Protocol):
    """Features that are computed together."""

    def formulas(self, sources: tuple[str, ...]) -> Mapping[str, str]:
        """Each feature's name and what it is, in the order of the rows; `sources` are those of the bundle."""

    def fill(self, block: FloatArray, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set a row for every name, as of ``profile.as_of``: float32, shape (n_features, n_candidates)."""
