"""The orders that lists may have: the ranker's, stage one's, or that of the customer's own history."""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from candidate_gen.candidates import Candidates
from candidate_gen.profile import HALF_LIVES_DAYS, INTEREST_HALF_LIFE_DAYS, UserProfile

Order = Literal["ranker", "fused", "history"]
ORDERS: Final[tuple[Order, ...]] = ("ranker", "fused", "history")
HALF_LIVES: Final = HALF_LIVES_DAYS
USUAL_HALF_LIFE: Final = INTEREST_HALF_LIFE_DAYS


def fused_order(candidates: Candidates) -> npt.NDArray[np.float64]:
    """Scores of candidates as stage one says, float64, shape (n,); higher is better."""
    return candidates.fused.astype(np.float64)


def history_order(candidates: Candidates, profile: UserProfile, half_life_days: int) -> npt.NDArray[np.float64]:
    """Scores of candidates, the user's own items first by their decayed weight, the others as stage one says.

    ``-log(1 + place)``, float64, shape (n,).
    """
    own = np.zeros(len(candidates), dtype=np.float32)
    is_own = np.isin(candidates.item_idx, profile.item_idx)
    own[is_own] = profile.decayed_at(half_life_days)[np.searchsorted(profile.item_idx, candidates.item_idx[is_own])]
    place = np.empty(len(candidates), dtype=np.float64)
    place[np.lexsort((-candidates.fused, -own))] = np.arange(len(candidates))
    return -np.log1p(place)
