"""Global splits in time: what is past, what is tested, and which windows give labels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.interactions import SECONDS_PER_DAY
from shortlist.errors import DataError

MAX_HORIZON_DAYS = 28.0
HORIZONS_PER_SPAN = 26.0


@dataclass(frozen=True, slots=True)
class LabelWindow:
    """Labels from ``[start, end)``; whatever predicts them is computed from events before `start`. Seconds."""

    start: int
    end: int


def last_days(first: int, last: int, n_days: float) -> LabelWindow:
    """The last `n_days` calendar days (UTC), the day of the last event included, as a window.

    Parameters
    ----------
    first, last : int
        The moments of the first and the last event, in seconds.

    Raises
    ------
    DataError
        When no event lies before the window.
    """
    end = (last // SECONDS_PER_DAY + 1) * SECONDS_PER_DAY
    start = end - round(n_days * SECONDS_PER_DAY)
    if first >= start:
        days = (last - first) / SECONDS_PER_DAY
        raise DataError(
            f"The events span {days:.1f} days, so nothing lies before the last {n_days:g}. Test on fewer: --test-days."
        )
    return LabelWindow(start, end)


def label_windows(
    timestamp: npt.NDArray[np.int64], as_of: int, n_windows: int, horizon_days: float | None, widening: float = 1.0
) -> list[LabelWindow]:
    """Consecutive windows that end at `as_of`, the latest first.

    Without a horizon given, a window is a 26th of the time that the events span, at most 28 days. Windows that would
    leave less than half of the span as their past are left out, so a log without a clock has none.
    """
    span = as_of - int(timestamp.min())
    days = choose_horizon_days(span) if horizon_days is None else horizon_days
    horizon = round(days * widening * SECONDS_PER_DAY)
    fitting = min(n_windows, int(span / 2 // horizon)) if horizon else 0
    return [LabelWindow(as_of - (number + 1) * horizon, as_of - number * horizon) for number in range(fitting)]


def choose_horizon_days(span_seconds: int) -> float:
    """The length of a label window for a log of this span, in days."""
    return min(MAX_HORIZON_DAYS, span_seconds / SECONDS_PER_DAY / HORIZONS_PER_SPAN)
