"""What everybody did with the candidate, and its price beside the category's and the user's."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from candidate_gen.candidates import Candidates
from candidate_gen.profile import UserProfile
from ranking.features.group import Columns, FloatArray, ItemSide
from ranking.item_stats import WINDOWS_DAYS

RHYTHMS: Final = ("day_part", "weekday")
"""Parts of the day and days of the week, by UTC; the same for all where a log has days alone, or one day."""

USER_RHYTHM_SUPPORT: Final = np.float32(5.0)
"""So many moments of a user weigh as much as no rhythm at all."""


def rhythm_feature(name: str) -> str:
    """The feature made of a rhythm."""
    return f"{name}_match"


_FORMULAS = {
    f"share_{days}d": f"log1p(10000 * the item's share of the target events of the last {days} days)"
    for days in WINDOWS_DAYS
} | {
    "trend": f"share_{WINDOWS_DAYS[0]}d - share_{WINDOWS_DAYS[-1]}d",
    "buyers_share": "log1p(1000 * the share of users that had it)",
    "repeat_rate": "share of its interactions by users who had it before, shrunk to the mean of all items",
    "item_gap_days": "usual days between two interactions of one user with it, shrunk to the mean of all items",
    "age_days": "days since its first interaction",
    "idle_days": "days since its last interaction",
    "price_to_category": "log(price / mean price of its category), 0 where unknown",
    "price_to_user": "log(price / mean price of the user's items), 0 where unknown",
    "day_part_match": "log of the mean, over the user's moments and 5 neutral ones, of how many times more the item's"
    " interactions fall in the same three hours (UTC) than all do",
    "weekday_match": "the same for days of the week",
}


class ItemFeatures:
    """Popularity, repeats, life cycle and price."""

    def formulas(self, sources: tuple[str, ...]) -> Mapping[str, str]:
        """The same whatever the sources."""
        del sources
        return _FORMULAS

    def fill(self, columns: Columns, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        position, stats = candidates.item_idx, items.stats
        for days, share in zip(WINDOWS_DAYS, stats.share, strict=True):
            columns[f"share_{days}d"] = share[position]
        columns["trend"] = stats.trend[position]
        columns["buyers_share"] = stats.buyers_share[position]
        columns["repeat_rate"] = stats.repeat_rate[position]
        columns["item_gap_days"] = stats.gap_days[position]
        columns["age_days"] = stats.age_days[position]
        columns["idle_days"] = stats.idle_days[position]
        price = stats.price[position]
        paid = profile.price[profile.price > 0]
        columns["price_to_category"] = _log_ratio(price, stats.category_price[position])
        columns["price_to_user"] = _log_ratio(price, np.float32(paid.mean() if len(paid) else 0.0))
        for name in RHYTHMS:
            columns[rhythm_feature(name)] = _match(getattr(profile, name), getattr(stats, name)[:, position])


def _match(moments: FloatArray, lift: FloatArray) -> FloatArray:
    """How well the item's rhythm is the user's: above 0 where it is had when the user comes."""
    total = moments @ lift + USER_RHYTHM_SUPPORT
    matched: FloatArray = np.log(total / (moments.sum() + USER_RHYTHM_SUPPORT)).astype(np.float32)
    return matched


def _log_ratio(price: FloatArray, base: FloatArray | np.float32) -> FloatArray:
    """Log ratio of two prices, 0 where either is unknown."""
    known = (price > 0) & (base > 0)
    return np.where(known, np.log(np.maximum(price, 1e-3) / np.maximum(base, 1e-3)), 0.0).astype(np.float32)
