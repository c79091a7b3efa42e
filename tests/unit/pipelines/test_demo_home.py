"""The clock of the demonstration."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.demo_home import MARKER, clock_shift, mark
from serving.settings import ServiceSettings
from shortlist.home import Home


def test_the_log_of_a_demonstration_goes_on_where_it_ends(tmp_path: Path) -> None:
    """An hour after the demonstration was made it is an hour after the log's end; elsewhere the clock is right."""
    home, end = Home(tmp_path), datetime(2018, 1, 1, tzinfo=UTC)
    assert clock_shift(home, int(end.timestamp())) == 0
    mark(home, {})
    made = datetime(2026, 11, 1, 9, tzinfo=UTC)
    os.utime(tmp_path / MARKER, (made.timestamp(), made.timestamp()))
    shift = clock_shift(home, int(end.timestamp()))
    assert made + timedelta(hours=1, seconds=shift) == end + timedelta(hours=1)
    settings = ServiceSettings(home, clock_shift_seconds=shift)
    assert ServiceSettings.from_environment(settings.to_environment()).clock_shift_seconds == shift
