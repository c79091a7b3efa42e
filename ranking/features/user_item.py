"""What the user did with the candidate."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from candidate_gen.candidates import Candidates
from candidate_gen.profile import HALF_LIVES_DAYS, RECENT_MOMENTS, UserProfile
from ranking.features.group import Columns, FloatArray, ItemSide
from ranking.item_stats import NEVER_DAYS

_FORMULAS = (
    {
        "n_events": "the user's interactions with the item",
        "last_days": f"days since the last of them, {NEVER_DAYS:.0f} without one",
        "first_days": f"days since the first of them, {NEVER_DAYS:.0f} without one",
        "gap_days": f"(first_days - last_days) / (n_events - 1), 0 with one, {NEVER_DAYS:.0f} without one",
        "due_by_own_gap": "last_days / gap_days, with the item's usual gap where the user has none; -1 without one",
        "due_by_item_gap": "last_days / the item's usual gap; -1 without one",
        "basket_share": "n_events / the user's moments of activity",
        "recent_basket_share": "n_events / the user's moments of activity since the first of them",
        "moments_since": f"the user's moments of activity since the last of them, {NEVER_DAYS:.0f} without one",
        "streak": "moments of activity in a row that had it, up to the last of them",
    }
    | {f"share_of_last_{n}": f"share of the user's last {n} moments of activity that had it" for n in RECENT_MOMENTS}
    | {f"decayed_{days}d": f"sum of weights, halved every {days} days" for days in HALF_LIVES_DAYS}
)


class UserItemFeatures:
    """Counts, recency and rhythm of one user with one item."""

    def formulas(self, sources: tuple[str, ...]) -> Mapping[str, str]:
        """The same whatever the sources."""
        del sources
        return _FORMULAS

    def fill(self, columns: Columns, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        place, had = _places(profile, candidates)
        never = np.where(had, np.float32(0.0), NEVER_DAYS)

        def of_item(values: FloatArray) -> FloatArray:
            return np.where(had, values[place], np.float32(0.0)) if len(values) else np.zeros_like(never)

        n_events, last, first = of_item(profile.n_events), of_item(profile.last_days), of_item(profile.first_days)
        own_gap = np.where(n_events > 1, (first - last) / np.maximum(n_events - 1, 1), 0.0).astype(np.float32)
        item_gap = items.stats.gap_days[candidates.item_idx]
        gap = np.where(n_events > 1, own_gap, item_gap)
        columns["n_events"] = n_events
        columns["last_days"] = last + never
        columns["first_days"] = first + never
        columns["gap_days"] = np.where(had, own_gap, NEVER_DAYS)
        columns["due_by_own_gap"] = np.where(had, last / np.maximum(gap, 0.5), np.float32(-1.0))
        columns["due_by_item_gap"] = np.where(had, last / np.maximum(item_gap, 0.5), np.float32(-1.0))
        columns["basket_share"] = n_events / np.float32(max(len(profile.basket_days), 1))
        columns["recent_basket_share"] = n_events / _baskets_since(profile, first)
        columns["moments_since"] = of_item(profile.moments_since) + never
        columns["streak"] = of_item(profile.streak)
        for n, row in zip(RECENT_MOMENTS, profile.recent_share, strict=True):
            columns[f"share_of_last_{n}"] = of_item(row)
        for days, row in zip(HALF_LIVES_DAYS, profile.decayed, strict=True):
            columns[f"decayed_{days}d"] = of_item(row)


def _baskets_since(profile: UserProfile, first: FloatArray) -> FloatArray:
    """The user's moments of activity from a number of days before on, at least 1."""
    earlier = np.searchsorted(-profile.basket_days, -first, side="left")
    return np.maximum(len(profile.basket_days) - earlier, 1).astype(np.float32)


def _places(profile: UserProfile, candidates: Candidates) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where each candidate stands among the user's items, and whether it does."""
    if not len(profile):
        return np.zeros(len(candidates), dtype=np.int64), np.zeros(len(candidates), dtype=np.bool_)
    place = np.minimum(np.searchsorted(profile.item_idx, candidates.item_idx), len(profile) - 1)
    return place, profile.item_idx[place] == candidates.item_idx
