"""What everybody did with each item before a moment: the item side of the features."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from data.arrays.past import Past
from data.attributes import ItemAttributes
from data.interactions import DAY_PARTS, SECONDS_PER_DAY, WEEKDAYS, Interactions, clock

WINDOWS_DAYS = (7, 28, 84)
"""The windows in which an item's target interactions are counted."""

FloatArray = npt.NDArray[np.float32]

ROWS = {"share": len(WINDOWS_DAYS), "day_part": DAY_PARTS, "weekday": WEEKDAYS}
"""How many rows the arrays have that are not of shape (n_items,)."""

RHYTHM_SUPPORT = np.float32(20.0)
"""So many interactions of an item weigh as much as what all items do."""

NEVER_DAYS = np.float32(9_999.0)
"""The age of what never happened, in days."""


@dataclass(frozen=True, slots=True)
class ItemStats:
    """Statistics of every item as of one moment; all arrays are float32 of shape (n_items,) unless said otherwise.

    Attributes
    ----------
    share : ndarray of float32, shape (n_windows, n_items)
        Of 10,000 target interactions in each of `WINDOWS_DAYS`, how many were of the item, as ``log1p``.
    trend : ndarray
        Log ratio of the first window's share to the last one's.
    buyers_share : ndarray
        Of 1,000 users seen by then, how many had the item, as ``log1p``.
    repeat_rate : ndarray
        Share of its interactions by users who had it before, shrunk to the mean of all items.
    gap_days : ndarray
        Typical days between two interactions of one user with the item, shrunk to the mean of all items.
    age_days, idle_days : ndarray
        Days since its first and since its last interaction.
    price, category_price : ndarray
        Mean price paid, and the mean of that over the item's category; 0 where unknown.
    day_part, weekday : ndarray of float32, shapes (8, n_items) and (7, n_items)
        How many times more of its interactions fell there than of all, shrunk to 1.
    """

    share: FloatArray
    trend: FloatArray
    buyers_share: FloatArray
    repeat_rate: FloatArray
    gap_days: FloatArray
    age_days: FloatArray
    idle_days: FloatArray
    price: FloatArray
    category_price: FloatArray
    day_part: FloatArray
    weekday: FloatArray

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays by name, for the bundle."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def fit_item_stats(past: Past, attributes: ItemAttributes) -> ItemStats:
    """Compute the statistics over all that was known at a moment."""
    interactions, n_items, days = past.interactions, past.n_items, past.days()
    n_users = len(past.active_users())  # those seen by then, not those to come
    item_idx, is_target = interactions.item_idx, interactions.is_target
    share = np.stack([_share(item_idx[is_target & (days <= window)], n_items) for window in WINDOWS_DAYS])
    repeat_rate, gap_days, n_buyers = _repeats(interactions, n_items)
    price = _mean_price(interactions, attributes, n_items)
    day_part, weekday = clock(interactions.timestamp)
    return ItemStats(
        share=share,
        trend=share[0] - share[-1],
        buyers_share=np.log1p(1_000 * n_buyers / max(1, n_users)).astype(np.float32),
        repeat_rate=repeat_rate,
        gap_days=gap_days,
        age_days=_extreme(np.maximum, item_idx, days, n_items),
        idle_days=_extreme(np.minimum, item_idx, days, n_items),
        price=price,
        category_price=_category_mean(price, attributes),
        day_part=_rhythm(item_idx, day_part, DAY_PARTS, n_items),
        weekday=_rhythm(item_idx, weekday, WEEKDAYS, n_items),
    )


def _share(item_idx: npt.NDArray[np.int32], n_items: int) -> FloatArray:
    """Of so many target events, the share of each item, as its logarithm."""
    counts = np.bincount(item_idx, minlength=n_items)
    return np.log1p(10_000 * counts / max(1, int(counts.sum()))).astype(np.float32)


def _repeats(interactions: Interactions, n_items: int) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
    """Repeat rate, mean gap in days and number of buyers of each item."""
    pair, item_idx, seconds = interactions.pair_keys(), interactions.item_idx, interactions.timestamp
    order = np.argsort(pair, kind="stable")  # each user's are by time already
    same = np.diff(pair[order]) == 0
    gaps = (np.diff(seconds[order])[same] / SECONDS_PER_DAY).astype(np.float64)
    repeated = item_idx[order][1:][same]
    n_repeats = np.bincount(repeated, minlength=n_items)
    n_events = np.bincount(item_idx, minlength=n_items)
    mean_rate = n_repeats.sum() / max(1, n_events.sum())
    mean_gap = float(gaps.mean()) if len(gaps) else 365.0
    rate = (n_repeats + 5 * mean_rate) / (n_events + 5)
    gap = (np.bincount(repeated, gaps, minlength=n_items) + 5 * mean_gap) / (n_repeats + 5)
    return rate.astype(np.float32), gap.astype(np.float32), n_events - n_repeats


def _extreme(reduce: np.ufunc, item_idx: npt.NDArray[np.int32], days: FloatArray, n_items: int) -> FloatArray:
    """The largest or smallest age of each item's interactions; 0 and 9,999 days where there is none."""
    result = np.full(n_items, 0.0 if reduce is np.maximum else NEVER_DAYS, dtype=np.float32)
    reduce.at(result, item_idx, days)
    return result


def _mean_price(interactions: Interactions, attributes: ItemAttributes, n_items: int) -> FloatArray:
    """Mean price paid; the catalogue's where none is known."""
    price, item_idx = interactions.price, interactions.item_idx
    priced = price > 0
    n_priced = np.bincount(item_idx[priced], minlength=n_items)
    total = np.bincount(item_idx[priced], price[priced], minlength=n_items)
    return np.where(n_priced > 0, total / np.maximum(1, n_priced), attributes.price).astype(np.float32)


def _category_mean(price: FloatArray, attributes: ItemAttributes) -> FloatArray:
    """The mean price of the priced items in each item's category."""
    code = attributes.category + 1
    priced = price > 0
    n = np.bincount(code[priced], minlength=len(attributes.categories) + 1)
    total = np.bincount(code[priced], price[priced], minlength=len(attributes.categories) + 1)
    return (total / np.maximum(1, n))[code].astype(np.float32)


def _rhythm(item_idx: npt.NDArray[np.int32], part: npt.NDArray[np.int64], n_parts: int, n_items: int) -> FloatArray:
    """``(n_ip + 20 p) / ((n_i + 20) p)`` for item i and a part p of all interactions; 1 where a part holds none."""
    count = np.bincount(part * n_items + item_idx, minlength=n_parts * n_items).reshape(n_parts, n_items)
    usual = (count.sum(axis=1, keepdims=True) / max(1, len(item_idx))).astype(np.float32)
    share = (count.astype(np.float32) + RHYTHM_SUPPORT * usual) / (count.sum(axis=0) + RHYTHM_SUPPORT)
    return np.where(usual > 0, share / np.maximum(usual, np.float32(1e-9)), np.float32(1.0)).astype(np.float32)
