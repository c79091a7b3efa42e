"""Splits in time."""

from itertools import pairwise

import numpy as np
import pytest

from data.interactions import SECONDS_PER_DAY
from data.splits import MAX_HORIZON_DAYS, LabelWindow, choose_horizon_days, label_windows, last_days
from shortlist.errors import DataError


def days(*numbers: float) -> np.ndarray:
    """Seconds of days since 1970."""
    return np.rint(np.array(numbers) * SECONDS_PER_DAY).astype(np.int64)


@pytest.mark.parametrize("last", [100.0, 100.5, 100.99999])
def test_last_days_are_calendar_days(last: float) -> None:
    """The day of the last event is whole and the last of the window, whenever on that day the event was."""
    assert last_days(*days(1, last).tolist(), 14) == LabelWindow(*days(87, 101).tolist())


def test_fraction_of_a_day() -> None:
    """A window may be shorter than a day."""
    assert last_days(*days(1, 10.2).tolist(), 0.5) == LabelWindow(*days(10.5, 11).tolist())


@pytest.mark.parametrize(("first", "n_days"), [(87.0, 14), (90, 14), (100, 1), (1, 500)])
def test_window_needs_a_past(first: float, n_days: float) -> None:
    """When no event lies before the window the data are refused, with their length and the option to change."""
    with pytest.raises(DataError, match="--test-days"):
        last_days(*days(first, 100.5).tolist(), n_days)


def test_windows_end_at_the_moment() -> None:
    """Windows lie one behind the other, the latest first, and end at `as_of`."""
    windows = label_windows(days(0, 50, 100), int(days(100)[0]), 3, 10)
    assert windows == [LabelWindow(*days(*ends).tolist()) for ends in ((90, 100), (80, 90), (70, 80))]


@pytest.mark.parametrize(("horizon", "n"), [(10, 5), (11, 4), (25, 2), (26, 1), (50, 1), (51, 0)])
def test_half_of_the_span_stays_past(horizon: float, n: int) -> None:
    """No more windows are taken than fit into the later half of the log."""
    assert len(label_windows(days(0, 100), int(days(100)[0]), 9, horizon)) == n


@pytest.mark.parametrize(("span_days", "wanted"), [(26, 1), (364, 14), (728, 28), (5_000, MAX_HORIZON_DAYS), (0, 0)])
def test_horizon_follows_the_span(span_days: float, wanted: float) -> None:
    """A window is a 26th of the span, at most 28 days."""
    assert choose_horizon_days(round(span_days * SECONDS_PER_DAY)) == pytest.approx(wanted)


@pytest.mark.parametrize("span_seconds", [0, 1, 12])
def test_no_clock_no_windows(span_seconds: int) -> None:
    """A log that all happened at once has no window."""
    assert label_windows(np.array([1_000, 1_000 - span_seconds]), 1_001, 5, None) == []


@pytest.mark.parametrize("horizon", [None, 3.7])
def test_windows_never_overlap(horizon: float | None) -> None:
    """Whatever the span, windows are of one length, touch and lie within the log."""
    for span in np.random.default_rng(2).integers(1, 10**8, size=200):
        windows = label_windows(np.array([0, int(span) - 1]), int(span), 6, horizon)
        for later, earlier in pairwise(windows):
            assert earlier.end == later.start
        assert len({window.end - window.start for window in windows}) <= 1
        assert all(0 < span / 2 <= window.start < window.end <= span for window in windows)
