"""What everybody did with the candidate, and its price beside the category's and the user's."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from candidate_gen.candidates import Candidates
from candidate_gen.profile import UserProfile
from ranking.features.group import FloatArray, ItemSide
from ranking.item_stats import ROWS, WINDOWS_DAYS
from ranking.kernels import fill_items

RHYTHMS: Final = ("day_part", "weekday")
"""Parts of the day and days of the week, by UTC; the same for all where a log has days alone, or one day."""

_RHYTHM_ENDS: Final = np.cumsum([ROWS[name] for name in RHYTHMS])

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

    def fill(self, block: FloatArray, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        known = profile.price[profile.price > 0]
        paid = known.mean() if len(known) else np.float32(0.0)
        rhythm = np.concatenate([getattr(profile, name) for name in RHYTHMS])
        n_plain = len(block) - 1 - len(RHYTHMS)
        fill_items(block, candidates.item_idx, items.rows, n_plain, paid, rhythm, _RHYTHM_ENDS, USER_RHYTHM_SUPPORT)
        np.log(block[n_plain:], out=block[n_plain:])
