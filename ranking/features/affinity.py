"""How much of the user's recent weight is in the candidate's category and brand, and since when."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from candidate_gen.candidates import Candidates
from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile
from ranking.features.group import Columns, FloatArray, ItemSide
from ranking.item_stats import NEVER_DAYS

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

    def fill(self, columns: Columns, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        weight = profile.decayed_at(INTEREST_HALF_LIFE_DAYS)
        for group in _GROUPS:
            codes = getattr(items, group)
            share, last = _group_affinity(codes[profile.item_idx], codes[candidates.item_idx], weight, profile)
            columns[f"{group}_affinity"] = share
            columns[f"{group}_last_days"] = last


def _group_affinity(
    own: npt.NDArray[np.int32], wanted: npt.NDArray[np.int32], weight: FloatArray, profile: UserProfile
) -> tuple[FloatArray, FloatArray]:
    """The share of the user's weight in each candidate's group, and the days since the user's last item of it."""
    size = int(max(own.max(initial=-1), wanted.max(initial=-1))) + 2
    share = np.bincount(own + 1, weight, minlength=size).astype(np.float32)
    share /= np.maximum(share.sum(), np.float32(1e-9))
    last = np.full(size, NEVER_DAYS)
    np.minimum.at(last, own + 1, profile.last_days)
    share[0], last[0] = 0.0, NEVER_DAYS
    return share[wanted + 1], last[wanted + 1]
