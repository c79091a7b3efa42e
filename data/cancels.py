"""Cancels netted against purchases.

The rule: a ``cancel`` takes its quantity from purchases of the same user and item at or before its own moment, the
latest first; one that names a purchase's order (``session_id``) finds it though its own time, often a mere date, lies
before; what finds nothing to take is without effect. A purchase or cancel without a quantity counts as one. A
purchase of which nothing is left disappears, one of which a part is left keeps the part.

Cancels are stored as events like all others and netted whenever events are read, so a cancel that arrives in a later
import takes effect, files stay append-only, and reading "until" a moment sees only the cancels before it.

In each user's and item's sequence the quantity held is a stack: a purchase pushes units, a cancel pops them. The
height after each event is the running sum reflected at zero (the Lindley recursion in its closed form,
``S_t - min(0, min_{s<=t} S_s)``), and a purchase keeps the units between the height before it and the lowest height
from it onwards. So all sequences are netted at once without a loop; cost O(n log n) in the events of users and items
with a cancel.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from shortlist.columns import EVENT_DTYPES, EVENT_TYPE, ITEM_ID, QUANTITY, SESSION_ID, TIMESTAMP, USER_ID, EventType

_SMALLEST_UNIT: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Netting:
    """What netting found.

    Attributes
    ----------
    events : DataFrame
        The events without cancels and without purchases that were cancelled whole.
    matched : Series of bool
        For each cancel, by its label in the events given, whether it took something.
    """

    events: pd.DataFrame
    matched: pd.Series


def net_cancels(events: pd.DataFrame) -> Netting:
    """Apply the cancels in canonical events, which may stand in any order under unique labels."""
    is_cancel = events[EVENT_TYPE] == str(EventType.CANCEL)
    if not is_cancel.any():
        return Netting(events, pd.Series(dtype=bool))
    sequences = _sequences(events, is_cancel)
    sequence = sequences["sequence"]
    sums = sequences["signed"].groupby(sequence).cumsum()
    height = sums - sums.groupby(sequence).cummin().clip(upper=0.0)
    before = height.groupby(sequence).shift(fill_value=0.0)
    backwards = height[::-1]
    lowest = backwards.groupby(sequence[::-1]).cummin()[::-1]
    left = (lowest - before).clip(lower=0.0)
    cancels = sequences["signed"] <= 0
    matched = (before - height)[cancels] > _SMALLEST_UNIT
    return Netting(_keep(events, is_cancel, left[~cancels], sequences["signed"][~cancels]), matched)


def _sequences(events: pd.DataFrame, is_cancel: pd.Series) -> pd.DataFrame:
    """Signed quantities of the purchases and cancels of users and items with a cancel, in the order of time."""
    keys = pd.MultiIndex.from_frame(events.loc[is_cancel, [USER_ID, ITEM_ID]]).unique()
    is_traded = is_cancel | (events[EVENT_TYPE] == str(EventType.PURCHASE))
    candidates = events[is_traded & events[USER_ID].isin(keys.get_level_values(0).unique())]
    sequence = keys.get_indexer(pd.MultiIndex.from_frame(candidates[[USER_ID, ITEM_ID]]))
    candidates = candidates[sequence >= 0].assign(sequence=sequence[sequence >= 0])
    cancels = candidates[EVENT_TYPE] == str(EventType.CANCEL)
    quantity = candidates[QUANTITY].fillna(1.0)
    candidates = candidates.assign(is_cancel=cancels, signed=quantity.where(~cancels, -quantity))
    candidates[TIMESTAMP] = _not_before_their_order(candidates)
    order = ["sequence", TIMESTAMP, "is_cancel", *(c for c in EVENT_DTYPES if c not in (TIMESTAMP, USER_ID, ITEM_ID))]
    return candidates.sort_values(order, kind="stable")


def _not_before_their_order(candidates: pd.DataFrame) -> pd.Series:
    """Times of purchases and cancels; a cancel that names a purchase's order comes with it or after it."""
    key = ["sequence", SESSION_ID]
    is_named = candidates[SESSION_ID].notna()
    bought = candidates[is_named & ~candidates["is_cancel"]].groupby(key)[TIMESTAMP].max().rename("bought_at")
    bought_at = candidates[key].join(bought, on=key)["bought_at"]
    is_early = candidates["is_cancel"] & is_named & (bought_at > candidates[TIMESTAMP])
    return candidates[TIMESTAMP].mask(is_early, bought_at)


def _keep(events: pd.DataFrame, is_cancel: pd.Series, left: pd.Series, bought: pd.Series) -> pd.DataFrame:
    """Drop cancels and what was cancelled whole, and lower the quantity of what was cancelled in part."""
    gone = left.index[left <= _SMALLEST_UNIT]
    partly = left[(left > _SMALLEST_UNIT) & (bought - left > _SMALLEST_UNIT)]
    kept = events[~is_cancel & ~events.index.isin(gone)].copy()
    kept.loc[partly.index, QUANTITY] = np.round(partly, 9)
    return kept
