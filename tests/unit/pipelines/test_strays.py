"""Where a log ends."""

import numpy as np
import pandas as pd
import pytest

from data.interactions import SECONDS_PER_DAY
from pipelines.strays import bulk_end, without_strays
from shortlist.progress import SilentReporter

DAY = SECONDS_PER_DAY
BULK = np.arange(500) * DAY // 5


FAR, NEAR = 200, 120
CASES = [([FAR], True), ([FAR, 201, 290], True), ([NEAR], False), ([FAR] * 4, False), ([], False)]


@pytest.mark.parametrize(("later_days", "is_stray"), CASES)
def test_few_events_far_behind_are_strays(later_days: list[int], is_stray: bool) -> None:
    """Up to three events behind a gap of more than half of the 100 days before are no end of the log; more are."""
    timestamp = np.concatenate([BULK, np.array(later_days, dtype=np.int64) * DAY])
    assert bulk_end(timestamp) == (int(BULK.max()) + 1 if is_stray else None)


def test_small_logs_have_no_strays() -> None:
    """Where there are but few events, none is told from the others."""
    assert bulk_end(np.array([0, DAY, 900 * DAY])) is None


def test_what_is_left_out_is_said() -> None:
    """The strays go, and the line names their number, one of them and the option that takes them in."""
    said: list[str] = []

    class Reporter(SilentReporter):
        def step(self, message: str) -> None:
            said.append(message)

    times = pd.to_datetime(np.append(BULK, 200 * DAY), unit="s", utc=True)
    events = pd.DataFrame({"user_id": "u", "item_id": "a", "timestamp": times})
    assert len(without_strays(events, Reporter())) == len(BULK)
    assert "1 events lie 100 days behind all others (such as user u, item a" in said[0]
    assert "--until 1970-07-20T00:00:01+00:00" in said[0]
