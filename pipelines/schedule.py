"""Commands that are done again and again."""

import contextlib
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Final

import click
from apscheduler.triggers.interval import IntervalTrigger

from shortlist.errors import ShortlistError

INTERVALS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


def repeat(once: Callable[[], object], interval: timedelta, what: str) -> None:
    """Do something now and after every interval, until SIGTERM or Ctrl-C; what fails is said and tried again then."""

    def attempt() -> None:
        try:
            once()
        except ShortlistError as error:
            click.echo(f"shortlist: {error}\nThe next {what} begins in {interval}.", err=True)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    begun = datetime.now(UTC)
    trigger = IntervalTrigger(seconds=int(interval.total_seconds()), start_date=begun, timezone=UTC)
    with contextlib.suppress(KeyboardInterrupt):  # APScheduler's own loop would take it for a failure of the job
        while True:
            attempt()
            now = datetime.now(UTC)
            time.sleep((trigger.get_next_fire_time(None, now) - now).total_seconds())
    click.echo("Stopped.", err=True)
