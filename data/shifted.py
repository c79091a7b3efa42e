"""Events that are stored already but for their clock: the same file imported again in another time zone."""

from typing import Final

import pandas as pd

from shortlist.columns import EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID

MAX_SHIFT_SECONDS: Final = 14 * 3600
STEP_SECONDS: Final = 15 * 60
"""Time zones differ by whole quarters of an hour, and by at most so much."""

MIN_ROWS: Final = 20
MIN_SHARE: Final = 0.5

_WHAT: Final = [USER_ID, ITEM_ID, EVENT_TYPE]


def shift_warnings(new: pd.DataFrame, stored: pd.DataFrame) -> list[str]:
    """What to tell the owner of the data when most new events are stored ones at another hour.

    Parameters
    ----------
    new, stored : DataFrame, shape (n, n_canonical_columns) and (m, n_canonical_columns)
        Stored events of the same days, and of those beside them.
    """
    if len(new) < MIN_ROWS or stored.empty:
        return []
    both = new[[*_WHAT, TIMESTAMP]].reset_index().merge(stored[[*_WHAT, TIMESTAMP]], on=_WHAT, suffixes=("", "_stored"))
    seconds = (both[TIMESTAMP] - both[f"{TIMESTAMP}_stored"]).dt.total_seconds()
    fits = (seconds.abs() <= MAX_SHIFT_SECONDS) & (seconds % STEP_SECONDS == 0) & (seconds != 0)
    rows_of_shift = both[fits].groupby(seconds[fits])["index"].nunique()
    if rows_of_shift.empty or rows_of_shift.max() < max(MIN_ROWS, MIN_SHARE * len(new)):
        return []
    hours = float(rows_of_shift.index.to_numpy()[rows_of_shift.argmax()]) / 3600
    return [
        f"events: {int(rows_of_shift.max()):,} of {len(new):,} new events are stored already but for a time that is "
        f"{hours:+g} hours off: imported before with another --timezone? Both count now. `shortlist imports` lists "
        "what was imported; docs/data.md says how to undo one."
    ]
