"""One user's history, grouped by item: what the sources and the features both start from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.interactions import DAY_PARTS, SECONDS_PER_DAY, WEEKDAYS, History, clock

HALF_LIVES_DAYS = (7, 21, 60, 120, 365, 3650)
"""The half-lives at which a user's events are counted, in days; the last is as good as none."""

INTEREST_HALF_LIFE_DAYS = 60
"""How fast a user's interest fades wherever one rate must do: one of `HALF_LIVES_DAYS`."""


RECENT_MOMENTS = (5, 20)
"""Among how many of the user's last moments of activity an item is looked for."""


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
    order = np.argsort(history.item_idx, kind="stable")
    grouped = history.item_idx[order]
    starts = _group_starts(grouped)
    ends = np.append(starts, len(grouped))[1:]
    days = (history.as_of - history.timestamp[order]).astype(np.float32) / np.float32(SECONDS_PER_DAY)
    n_events = (ends - starts).astype(np.float32)
    moment = np.cumsum(_is_start(history.timestamp), dtype=np.int64)
    streak, recent_share = _by_moment(grouped, moment[order], moment[-1:].sum())
    moments = history.timestamp[_group_starts(history.timestamp)]
    day_part, weekday = clock(moments)
    return UserProfile(
        as_of=history.as_of,
        item_idx=grouped[starts],
        n_events=n_events,
        first_days=days[starts],
        last_days=days[ends - 1],
        decayed=_decayed_sums(days, history.weight[order], starts),
        price=_mean_prices(history.price[order], starts),
        moments_since=(moment[-1:].sum() - moment[order][ends - 1]).astype(np.float32),
        streak=streak,
        recent_share=recent_share,
        basket_days=(history.as_of - moments).astype(np.float32) / np.float32(SECONDS_PER_DAY),
        day_part=np.bincount(day_part, minlength=DAY_PARTS).astype(np.float32),
        weekday=np.bincount(weekday, minlength=WEEKDAYS).astype(np.float32),
    )


def decay(days: npt.NDArray[np.float32], half_life_days: float) -> npt.NDArray[np.float32]:
    """``2 ** (-days / half_life_days)``, float32."""
    decayed: npt.NDArray[np.float32] = np.exp2(days * np.float32(-1.0 / half_life_days))
    return decayed


def _group_starts(grouped: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    return np.flatnonzero(_is_start(grouped))


def _is_start(grouped: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Where another value begins."""
    changes = np.ones(len(grouped), dtype=np.bool_)
    np.not_equal(grouped[1:], grouped[:-1], out=changes[1:])
    return changes


def _decayed_sums(
    days: npt.NDArray[np.float32], weight: npt.NDArray[np.float32], starts: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    rows = [_sums(weight * decay(days, half_life), starts) for half_life in HALF_LIVES_DAYS]
    return np.stack(rows)


def _sums(values: npt.NDArray[np.float32], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    sums: npt.NDArray[np.float32] = np.add.reduceat(values, starts) if len(starts) else np.zeros(0, dtype=np.float32)
    return sums


def _mean_prices(price: npt.NDArray[np.float32], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Means over the interactions whose price is known; 0 where none is."""
    n_priced = _sums((price > 0).astype(np.float32), starts)
    return (_sums(price, starts) / np.maximum(n_priced, 1.0)).astype(np.float32)


def _by_moment(
    grouped: npt.NDArray[np.int32], moment: npt.NDArray[np.int64], n_moments: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The streak of each item, and its share of the last moments; both from rows by item and then by moment."""
    distinct = _is_start(grouped) | _is_start(moment)
    item, at = grouped[distinct], moment[distinct]
    starts = _group_starts(item)
    ends = np.append(starts, len(item))[1:]
    begins = _is_start(item) | (np.diff(at, prepend=0) != 1)
    run_start = np.maximum.accumulate(np.where(begins, np.arange(len(item)), 0))
    share = [
        _sums((at > n_moments - n).astype(np.float32), starts) / np.float32(max(min(n, n_moments), 1))
        for n in RECENT_MOMENTS
    ]
    return (ends - run_start[ends - 1]).astype(np.float32), np.stack(share)
