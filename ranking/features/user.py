"""How active the user is: the same for all candidates."""

from collections.abc import Mapping

import numpy as np

from candidate_gen.candidates import Candidates
from candidate_gen.profile import UserProfile
from ranking.features.group import FloatArray, ItemSide
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

    def fill(self, block: FloatArray, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        del candidates, items
        block[:] = _activity(profile)[:, None]


def _activity(profile: UserProfile) -> FloatArray:
    """The values, one for each formula."""
    moments, n_moments = profile.basket_days, len(profile.basket_days)
    first, last = (moments[0], moments[-1]) if n_moments else (np.float32(0.0), NEVER_DAYS)
    n_events = np.maximum(profile.n_events.sum(), np.float32(1.0))
    values = (
        n_moments,
        last,
        (first - last) / np.float32(n_moments - 1) if n_moments > 1 else NEVER_DAYS,
        len(profile),
        n_events / np.float32(n_moments) if n_moments else 0.0,
        np.float32(n_moments > 0) - np.float32(len(profile)) / n_events,
        np.count_nonzero(moments <= 28),
        first,
    )
    return np.array(values, dtype=np.float32)
