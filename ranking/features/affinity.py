"""How much of the user's recent weight is in the candidate's category and brand, and since when."""

from collections.abc import Mapping

from candidate_gen.candidates import Candidates
from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile
from ranking.features.group import FloatArray, ItemSide
from ranking.item_stats import NEVER_DAYS
from ranking.kernels import fill_affinity

_GROUPS = ("category", "top_category", "brand")
_FORMULAS = {
    name: formula
    for group in _GROUPS
    for name, formula in (
        (f"{group}_affinity", f"share of the user's decayed weight in the item's {group}"),
        (f"{group}_last_days", f"days since the user's last item of its {group}, {NEVER_DAYS:.0f} without one"),
    )
}


class AffinityFeatures:
    """The user's liking for the groups that the item is in."""

    def formulas(self, sources: tuple[str, ...]) -> Mapping[str, str]:
        """The same whatever the sources."""
        del sources
        return _FORMULAS

    def fill(self, block: FloatArray, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        weight = profile.decayed_at(INTEREST_HALF_LIFE_DAYS)
        mine = (candidates.item_idx, profile.item_idx, weight, profile.last_days)
        for row, codes in enumerate((items.category, items.top_category, items.brand)):
            fill_affinity(block[2 * row : 2 * row + 2], codes, *mine, NEVER_DAYS)
