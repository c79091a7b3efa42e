"""How active the user is: the same for all candidates."""

from collections.abc import Mapping

import numpy as np

from candidate_gen.candidates import Candidates
from candidate_gen.profile import UserProfile
from ranking.features.group import Columns, ItemSide
from ranking.item_stats import NEVER_DAYS

_FORMULAS = {
    "user_n_baskets": "moments of activity",
    "user_last_days": f"days since the last of them, {NEVER_DAYS:.0f} without one",
    "user_gap_days": f"usual days between two of them, {NEVER_DAYS:.0f} with fewer than two",
    "user_n_items": "distinct items",
    "user_items_per_basket": "interactions / moments of activity",
    "user_repeat_share": "1 - distinct items / interactions",
    "user_baskets_28d": "moments of activity in the last 28 days",
    "user_tenure_days": "days since the first of them",
}


class UserFeatures:
    """Activity, variety and tenure."""

    def formulas(self, sources: tuple[str, ...]) -> Mapping[str, str]:
        """The same whatever the sources."""
        del sources
        return _FORMULAS

    def fill(self, columns: Columns, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        del candidates, items
        moments, n_moments = profile.basket_days, len(profile.basket_days)
        first, last = (moments[0], moments[-1]) if n_moments else (np.float32(0.0), NEVER_DAYS)
        n_events = np.maximum(profile.n_events.sum(), np.float32(1.0))
        gap = (first - last) / np.float32(n_moments - 1) if n_moments > 1 else NEVER_DAYS
        columns["user_n_baskets"] = np.float32(n_moments)
        columns["user_last_days"] = last
        columns["user_gap_days"] = gap
        columns["user_n_items"] = np.float32(len(profile))
        columns["user_items_per_basket"] = n_events / np.float32(n_moments) if n_moments else np.float32(0.0)
        columns["user_repeat_share"] = np.float32(n_moments > 0) - np.float32(len(profile)) / n_events
        columns["user_baskets_28d"] = np.float32(np.count_nonzero(moments <= 28))
        columns["user_tenure_days"] = first
