"""What the user did with the candidate."""

from collections.abc import Mapping

from candidate_gen.candidates import Candidates
from candidate_gen.profile import HALF_LIVES_DAYS, RECENT_MOMENTS, UserProfile
from ranking.features.group import FloatArray, ItemSide
from ranking.item_stats import NEVER_DAYS
from ranking.kernels import fill_user_item

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

    def fill(self, block: FloatArray, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        mine = (profile.item_idx, profile.facts, profile.recent_share, profile.decayed, profile.basket_days)
        fill_user_item(block, candidates.item_idx, *mine, items.stats.gap_days, NEVER_DAYS)
