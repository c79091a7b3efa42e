"""One user's history, grouped by item: what the sources and the features both start from."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from candidate_gen.kernels import group_history
from data.interactions import DAY_PARTS, SECONDS_PER_DAY, WEEKDAYS, History, clock

HALF_LIVES_DAYS = (7, 21, 60, 120, 365, 3650)
"""The half-lives at which a user's events are counted, in days; the last is as good as none."""

INTEREST_HALF_LIFE_DAYS = 60
"""How fast a user's interest fades wherever one rate must do: one of `HALF_LIVES_DAYS`."""


RECENT_MOMENTS = (5, 20)
"""Among how many of the user's last moments of activity an item is looked for."""

_WINDOWS: Final = np.array(RECENT_MOMENTS, dtype=np.int64)
_RATES: Final = np.array([-1.0 / days for days in HALF_LIVES_DAYS], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class UserProfile:
    """A history grouped by item, as of one moment.

    Attributes
    ----------
    as_of : int
        Seconds since 1970.
    item_idx : ndarray of int32, shape (m,)
        The user's distinct items, ascending.
    n_events : ndarray of float32, shape (m,)
        Interactions with each item.
    first_days, last_days : ndarray of float32, shape (m,)
        Days from the first and from the last of them to `as_of`.
    decayed : ndarray of float32, shape (n_half_lives, m)
        Weights summed with exponential decay, a row for each of `HALF_LIVES_DAYS`.
    price : ndarray of float32, shape (m,)
        Mean price paid for each item; 0 where unknown.
    moments_since : ndarray of float32, shape (m,)
        How many distinct moments of activity came after the last interaction with each item.
    latest_first : ndarray of int64, shape (m,)
        The places of the items by `moments_since`, the smaller place first among equals.
    streak : ndarray of float32, shape (m,)
        How many moments of activity in a row had each item, up to its last.
    recent_share : ndarray of float32, shape (2, m)
        In which share of the last `RECENT_MOMENTS` moments each item was.
    basket_days : ndarray of float32, shape (n_baskets,)
        Days from each distinct moment of activity to `as_of`, oldest first.
    day_part, weekday : ndarray of float32, shapes (8,) and (7,)
        How many of these moments fell in each part of the day, and on each day of the week.
    """

    as_of: int
    item_idx: npt.NDArray[np.int32]
    n_events: npt.NDArray[np.float32]
    first_days: npt.NDArray[np.float32]
    last_days: npt.NDArray[np.float32]
    decayed: npt.NDArray[np.float32]
    price: npt.NDArray[np.float32]
    moments_since: npt.NDArray[np.float32]
    latest_first: npt.NDArray[np.int64]
    streak: npt.NDArray[np.float32]
    recent_share: npt.NDArray[np.float32]
    basket_days: npt.NDArray[np.float32]
    day_part: npt.NDArray[np.float32]
    weekday: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.item_idx)

    def decayed_at(self, half_life_days: int) -> npt.NDArray[np.float32]:
        """The row of `decayed` for one of `HALF_LIVES_DAYS`."""
        row: npt.NDArray[np.float32] = self.decayed[HALF_LIVES_DAYS.index(half_life_days)]
        return row


def build_profile(history: History) -> UserProfile:
    """Group a history by item. Costs O(n log n) in the number of its interactions."""
    order = np.sort(history.item_idx.astype(np.int64) << 32 | np.arange(len(history)))
    days = _days(history.as_of - history.timestamp)
    faded = np.exp2(np.multiply.outer(_RATES, days))
    item_idx, facts, decayed, recent_share, moments, latest_first = group_history(
        order, history.timestamp, days, history.weight, history.price, faded, _WINDOWS
    )
    n_events, first_days, last_days, price, moments_since, streak = facts
    day_part, weekday = clock(moments)
    return UserProfile(
        as_of=history.as_of,
        item_idx=item_idx,
        n_events=n_events,
        first_days=first_days,
        last_days=last_days,
        decayed=decayed,
        price=price,
        moments_since=moments_since,
        latest_first=latest_first,
        streak=streak,
        recent_share=recent_share,
        basket_days=_days(history.as_of - moments),
        day_part=np.bincount(day_part, minlength=DAY_PARTS).astype(np.float32),
        weekday=np.bincount(weekday, minlength=WEEKDAYS).astype(np.float32),
    )


def decay(days: npt.NDArray[np.float32], half_life_days: float) -> npt.NDArray[np.float32]:
    """``2 ** (-days / half_life_days)``, float32."""
    decayed: npt.NDArray[np.float32] = np.exp2(days * np.float32(-1.0 / half_life_days))
    return decayed


def _days(seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    return seconds.astype(np.float32) / np.float32(SECONDS_PER_DAY)
