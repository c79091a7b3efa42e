"""What is popular in the categories that the user buys from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from candidate_gen.kernels import best_places
from candidate_gen.popularity import decayed_customers
from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile
from candidate_gen.source import Array, Float32, Sizes, SourceConfig, StoredArrays
from candidate_gen.sparse import SparseScores, SparseSource
from data.arrays.past import Past
from data.attributes import ItemAttributes
from shortlist.checks import check_range
from shortlist.ids import MISSING


class CategoryPopularConfig(SourceConfig):
    """How fast popularity fades, and how much of each category is kept."""

    limit: int = Field(default=60, ge=0)
    half_life_days: float = Field(default=14.0, gt=0)
    items_per_category: int = Field(default=30, ge=1)
    categories_per_user: int = Field(default=20, ge=1)


@dataclass(frozen=True, slots=True)
class CategoryPopular(SparseSource):
    """The popular items of each category.

    Attributes
    ----------
    category : ndarray of int32, shape (n_items,)
        The category of each item, ``MISSING`` without one.
    top_items : ndarray of int32, shape (n_categories, items_per_category)
        The best items of each category, ``MISSING`` where it has fewer.
    top_share : ndarray of float32, same shape
        Each one's share of its category's popularity.
    categories_per_user : int
    """

    category: npt.NDArray[np.int32]
    top_items: npt.NDArray[np.int32]
    top_share: Float32
    categories_per_user: int

    name: ClassVar[str] = "category_popular"
    reason: ClassVar[str] = "popular_in_category"
    Config: ClassVar[type[SourceConfig]] = CategoryPopularConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: CategoryPopularConfig, rng: int) -> Self:
        """Keep the best items of each category, by customers lately."""
        del rng
        popularity = decayed_customers(past, config.half_life_days)
        items, share = _top_of_categories(popularity, attributes, config.items_per_category)
        return cls(attributes.category, items, share, config.categories_per_user)

    def ask(self, profile: UserProfile) -> SparseScores:
        """Each item's share of its category's popularity times the category's share of the user's weight."""
        strongest, interest = self._interests(profile)
        items, share = self.top_items[strongest], self.top_share[strongest] * interest[:, None]
        there = items != MISSING
        items, share = items[there], share[there]
        order = np.argsort(items)  # an item has one category
        return SparseScores(items[order], share[order])

    def _interests(self, profile: UserProfile) -> tuple[npt.NDArray[np.int64], Float32]:
        """The categories that the user buys most from, and their shares of the user's weight."""
        codes = self.category[profile.item_idx]
        known = codes != MISSING
        weight = profile.decayed_at(INTEREST_HALF_LIFE_DAYS)[known]
        by_category = np.bincount(codes[known], weight, minlength=len(self.top_items))
        strongest = best_places(by_category, self.categories_per_user, 0.0)
        interest = (by_category[strongest] / max(float(by_category.sum()), 1e-30)).astype(np.float32)
        return strongest, interest

    def arrays(self) -> Mapping[str, Array | bytes]:
        """The best items of each category."""
        return {"items": self.top_items, "share": self.top_share}

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: CategoryPopularConfig, sizes: Sizes) -> Self:
        """Map them."""
        top_items = stored.array("items", len(sizes.attributes.categories), None)
        top_share = stored.array("share", *top_items.shape)
        check_range("category_popular_items", top_items, MISSING, sizes.n_items)
        return cls(sizes.attributes.category, top_items, top_share, config.categories_per_user)


def _top_of_categories(
    popularity: Float32, attributes: ItemAttributes, n: int
) -> tuple[npt.NDArray[np.int32], Float32]:
    """The `n` most popular items of each category, and their shares of its popularity."""
    category, n_categories = attributes.category, len(attributes.categories)
    order = np.argsort(-popularity, kind="stable")
    ordered = order[np.argsort(category[order], kind="stable")]
    ordered = ordered[(category[ordered] >= 0) & (popularity[ordered] > 0)]
    codes = category[ordered]
    place = np.arange(len(codes)) - np.searchsorted(codes, codes)
    kept = place < n
    totals = np.bincount(codes, popularity[ordered], minlength=n_categories)
    top_items = np.full((n_categories, n), MISSING, dtype=np.int32)
    top_share = np.zeros(top_items.shape, dtype=np.float32)
    top_items[codes[kept], place[kept]] = ordered[kept]
    top_share[codes[kept], place[kept]] = (popularity[ordered] / totals[codes])[kept]
    return top_items, top_share
