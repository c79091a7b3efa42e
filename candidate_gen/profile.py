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
    facts : ndarray of float32, shape (6, m)
        `n_events`, `first_days`, `last_days`, `price`, `moments_since` and `streak`, behind one another.
    decayed : ndarray of float32, shape (n_half_lives, m)
        Weights summed with exponential decay, a row for each of `HALF_LIVES_DAYS`.
    latest_first : ndarray of int64, shape (m,)
        The places of the items by `moments_since`, the smaller place first among equals.
    recent_share : ndarray of float32, shape (2, m)
        In which share of the last `RECENT_MOMENTS` moments each item was.
    basket_days : ndarray of float32, shape (n_baskets,)
        Days from each distinct moment of activity to `as_of`, oldest first.
    day_part, weekday : ndarray of float32, shapes (8,) and (7,)
        How many of these moments fell in each part of the day, and on each day of the week.
    """

    as_of: int
    item_idx: npt.NDArray[np.int32]
    facts: npt.NDArray[np.float32]
    decayed: npt.NDArray[np.float32]
    latest_first: npt.NDArray[np.int64]
    recent_share: npt.NDArray[np.float32]
    basket_days: npt.NDArray[np.float32]
    day_part: npt.NDArray[np.float32]
    weekday: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.item_idx)

    @property
    def n_events(self) -> npt.NDArray[np.float32]:
        """Interactions with each item, float32, shape (m,)."""
        return self._fact(0)

    @property
    def first_days(self) -> npt.NDArray[np.float32]:
        """Days from the first of them to `as_of`."""
        return self._fact(1)

    @property
    def last_days(self) -> npt.NDArray[np.float32]:
        """Days from the last of them to `as_of`."""
        return self._fact(2)

    @property
    def price(self) -> npt.NDArray[np.float32]:
        """Mean price paid for each item; 0 where unknown."""
        return self._fact(3)

    @property
    def moments_since(self) -> npt.NDArray[np.float32]:
        """How many distinct moments of activity came after the last interaction with each item."""
        return self._fact(4)

    @property
    def streak(self) -> npt.NDArray[np.float32]:
        """How many moments of activity in a row had each item, up to its last."""
        return self._fact(5)

    def _fact(self, row: int) -> npt.NDArray[np.float32]:
        values: npt.NDArray[np.float32] = self.facts[row]
        return values

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
    day_part, weekday = clock(moments)
    return UserProfile(
        as_of=history.as_of,
        item_idx=item_idx,
        facts=facts,
        decayed=decayed,
        latest_first=latest_first,
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
