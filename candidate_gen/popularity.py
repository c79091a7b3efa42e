"""What everybody buys lately: over the whole catalogue, and in the categories that a user buys from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import Field

from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile, decay
from data.interactions import SECONDS_PER_DAY, Interactions
from shortlist.config import ConfigModel
from shortlist.ids import MISSING

Found = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]


class PopularityConfig(ConfigModel):
    """How fast popularity fades, and how much of each category is kept."""

    half_life_days: float = Field(default=14.0, gt=0)
    items_per_category: int = Field(default=30, ge=1)
    categories_per_user: int = Field(default=20, ge=1)


@dataclass(frozen=True, slots=True)
class Popularity:
    """Items in order of recent popularity.

    Attributes
    ----------
    score : ndarray of float32, shape (n_items,)
        Target interactions, each decayed by its age.
    order : ndarray of int32, shape (n_items,)
        All items, the most popular first; items without an event come last, so that any list can be filled.
    """

    score: npt.NDArray[np.float32]
    order: npt.NDArray[np.int32]

    def top(self, n: int, allowed: npt.NDArray[np.bool_] | None = None) -> Found:
        """The `n` most popular items, of those allowed, with their scores."""
        items = self.order[:n] if allowed is None else self.order[allowed[self.order]][:n]
        return items, self.score[items]


@dataclass(frozen=True, slots=True)
class CategoryPopularity:
    """The popular items of each category.

    Attributes
    ----------
    category : ndarray of int32, shape (n_items,)
        The category of each item, ``MISSING`` without one.
    top_items : ndarray of int32, shape (n_categories, items_per_category)
        The best items of each category, ``MISSING`` where it has fewer.
    top_share : ndarray of float32, same shape
        Each one's share of its category's popularity.
    half_life_days : int
        How fast a user's interest in a category fades.
    categories_per_user : int
    """

    category: npt.NDArray[np.int32]
    top_items: npt.NDArray[np.int32]
    top_share: npt.NDArray[np.float32]
    half_life_days: int
    categories_per_user: int

    def candidates(
        self, profile: UserProfile, n: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.int32]:
        """Popular items of the user's categories, by (the user's share of the category) x (the item's share in it)."""
        categories, interest = self._interests(profile)
        items = self.top_items[categories].ravel()
        scores = (self.top_share[categories] * interest[:, None]).ravel()
        is_wanted = items != MISSING if allowed is None else (items != MISSING) & allowed[items]
        items, scores = items[is_wanted], scores[is_wanted]
        found: npt.NDArray[np.int32] = items[np.argsort(-scores, kind="stable")[:n]]
        return found

    def _interests(self, profile: UserProfile) -> Found:
        codes = self.category[profile.item_idx]
        weight = profile.decayed_at(self.half_life_days)
        weight_by_category = np.bincount(codes[codes >= 0], weight[codes >= 0], minlength=len(self.top_items))
        strongest = np.argsort(-weight_by_category, kind="stable")[: self.categories_per_user]
        strongest = strongest[weight_by_category[strongest] > 0]
        total = max(float(weight_by_category.sum()), 1e-9)
        return strongest.astype(np.int32), (weight_by_category[strongest] / total).astype(np.float32)


def fit_popularity(interactions: Interactions, as_of: int, config: PopularityConfig) -> Popularity:
    """Count target interactions, decayed by age. All must lie before `as_of` (seconds)."""
    target = interactions.is_target
    days = (as_of - interactions.timestamp[target]).astype(np.float32) / np.float32(SECONDS_PER_DAY)
    score = np.bincount(
        interactions.item_idx[target], decay(days, config.half_life_days), minlength=len(interactions.items)
    ).astype(np.float32)
    return Popularity(score, np.argsort(-score, kind="stable").astype(np.int32))


def fit_category_popularity(
    popularity: Popularity, category: npt.NDArray[np.int32], n_categories: int, config: PopularityConfig
) -> CategoryPopularity:
    """Keep the best items of each category.

    Parameters
    ----------
    category : ndarray of int32, shape (n_items,)
        The category of each item, ``MISSING`` without one.
    """
    by_category = popularity.order[np.argsort(category[popularity.order], kind="stable")]
    by_category = by_category[(category[by_category] >= 0) & (popularity.score[by_category] > 0)]
    codes = category[by_category]
    place = np.arange(len(codes)) - np.searchsorted(codes, codes)
    kept = place < config.items_per_category
    totals = np.bincount(codes, popularity.score[by_category], minlength=n_categories)
    top_items = np.full((n_categories, config.items_per_category), MISSING, dtype=np.int32)
    top_share = np.zeros(top_items.shape, dtype=np.float32)
    top_items[codes[kept], place[kept]] = by_category[kept]
    top_share[codes[kept], place[kept]] = (popularity.score[by_category] / totals[codes])[kept]
    return CategoryPopularity(category, top_items, top_share, INTEREST_HALF_LIFE_DAYS, config.categories_per_user)
