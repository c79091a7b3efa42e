"""Where a log really ends: a test order, or a slip in a date, months behind everything else, is not its end."""

from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.interactions import SECONDS_PER_DAY, to_seconds
from shortlist.columns import ITEM_ID, TIMESTAMP, USER_ID
from shortlist.progress import Reporter

MIN_EVENTS: Final = 100
MAX_STRAYS: Final = 3
MAX_STRAY_SHARE: Final = 0.001
MIN_GAP_DAYS: Final = 30.0
MIN_GAP_OF_SPAN: Final = 0.5
"""Strays lie behind a gap of at least so many days, and of this share of the time that all others span."""


def bulk_end(timestamp: npt.NDArray[np.int64]) -> int | None:
    """The second after the last event but for the strays, None without any.

    Parameters
    ----------
    timestamp : ndarray of int64
        Seconds, in any order.
    """
    if len(timestamp) < MIN_EVENTS:
        return None
    n_last = max(MAX_STRAYS, int(MAX_STRAY_SHARE * len(timestamp))) + 1
    last = np.sort(np.partition(timestamp, -n_last)[-n_last:])
    gaps = np.diff(last)
    place = int(np.argmax(gaps))
    span = int(last[place]) - int(timestamp.min())
    is_far = gaps[place] > max(MIN_GAP_DAYS * SECONDS_PER_DAY, MIN_GAP_OF_SPAN * span)
    return int(last[place]) + 1 if is_far else None


def without_strays(events: pd.DataFrame, reporter: Reporter) -> pd.DataFrame:
    """The events up to the end of their bulk; says what is left out, and how to have it take part."""
    seconds = to_seconds(events[TIMESTAMP])
    end = bulk_end(seconds)
    if end is None:
        return events
    strays, days = events[seconds >= end], (seconds[seconds >= end].min() - end) / SECONDS_PER_DAY
    example, after = strays.iloc[0], strays[TIMESTAMP].max() + pd.Timedelta(seconds=1)
    reporter.step(
        f"{len(strays):,} events lie {days:.0f} days behind all others (such as user {example[USER_ID]}, item "
        f"{example[ITEM_ID]}, {example[TIMESTAMP].isoformat()}) and are left out: the log is taken to end at "
        f"{datetime.fromtimestamp(end, UTC).isoformat()}. To train with them: --until {after.isoformat()}"
    )
    return events[seconds < end]
