"""Where a log really ends: a test order, or a slip in a date, months behind everything else, is not its end."""

from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.interactions import SECONDS_PER_DAY, to_seconds
from data.log.scan import SortedLog, Survey
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
    n_last = _n_looked_at(len(timestamp))
    if len(timestamp) < MIN_EVENTS:
        return None
    return _end_of(np.sort(np.partition(timestamp, -n_last)[-n_last:]), int(timestamp.min()))


def _n_looked_at(n_events: int) -> int:
    """So many of the newest events are looked at: all that may be strays, and one."""
    return max(MAX_STRAYS, int(MAX_STRAY_SHARE * n_events)) + 1


def _end_of(last: npt.NDArray[np.int64], first: int) -> int | None:
    """The second after the bulk, by the times of the last events, ascending, and of the first of all."""
    gaps = np.diff(last)
    place = int(np.argmax(gaps))
    is_far = gaps[place] > max(MIN_GAP_DAYS * SECONDS_PER_DAY, MIN_GAP_OF_SPAN * (int(last[place]) - first))
    return int(last[place]) + 1 if is_far else None


def without_strays(events: pd.DataFrame, reporter: Reporter) -> pd.DataFrame:
    """The events up to the end of their bulk; says what is left out, and how to have it take part."""
    seconds = to_seconds(events[TIMESTAMP])
    end = bulk_end(seconds)
    if end is None:
        return events
    strays = events[seconds >= end]
    reporter.step(_said(len(strays), strays.iloc[0], strays[TIMESTAMP].max(), end))
    return events[seconds < end]


def log_without_strays(log: SortedLog, survey: Survey, reporter: Reporter) -> SortedLog:
    """The same of a stored log."""
    if survey.n_events < MIN_EVENTS:
        return log
    newest = log.newest(_n_looked_at(survey.n_events))
    end = _end_of(newest, int(survey.first.timestamp()))
    if end is None:
        return log
    n_strays, last = int((newest >= end).sum()), pd.Timestamp(int(newest[-1]), unit="s", tz="UTC")
    reporter.step(_said(n_strays, log.first_since(end).iloc[0], last, end))
    return log.before(end)


def _said(n_strays: int, example: pd.Series, last: pd.Timestamp, end: int) -> str:
    """What is left out, and how to have it take part."""
    days, after = (example[TIMESTAMP].timestamp() - end) / SECONDS_PER_DAY, last + pd.Timedelta(seconds=1)
    return (
        f"{n_strays:,} events lie {days:.0f} days behind all others (such as user {example[USER_ID]}, item "
        f"{example[ITEM_ID]}, {example[TIMESTAMP].isoformat()}) and are left out: the log is taken to end at "
        f"{datetime.fromtimestamp(end, UTC).isoformat()}. To train with them: --until {after.isoformat()}"
    )
