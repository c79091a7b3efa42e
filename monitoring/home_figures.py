"""Figures of a home, read when they are asked for: the age of what serves, events that wait, and the newest report."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from data.log.sqlite_journal import SqliteJournal
from monitoring.reports import read_reports
from monitoring.rules import SEVERITY, Status
from shortlist.errors import BundleError, StoreUnavailable
from shortlist.home import Home
from shortlist.manifest import read_manifest
from shortlist.registry import Registry

LEVELS: Final[dict[Status, int]] = {"unknown": 0, "ok": 0, "warn": 1, "alert": 2}


class HomeFigures(Collector):
    """What cannot be read is left out: an alert on its absence says so."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The figures of now."""
        yield from self._bundle()
        yield from self._journal()
        yield from self._report()

    def _bundle(self) -> Iterator[GaugeMetricFamily]:
        name, text = (
            "shortlist_bundle_data_end_timestamp_seconds",
            "The end of the events that serve.",
        )
        try:
            version = Registry(self._home).current()
            if version is not None:
                end = read_manifest(self._home.bundles / version).data.end
                yield GaugeMetricFamily(name, text, end.timestamp())
        except (BundleError, OSError):
            return

    def _journal(self) -> Iterator[GaugeMetricFamily]:
        text = "Events of the journal that are not in the event store, at most."
        try:
            waiting = 0
            if self._home.journal.exists():
                with closing(SqliteJournal(self._home.journal)) as journal:
                    waiting = journal.last() - journal.stored()
            yield GaugeMetricFamily("shortlist_journal_waiting", text, waiting)
        except (StoreUnavailable, OSError):
            return

    def _report(self) -> Iterator[GaugeMetricFamily]:
        for report in read_reports(self._home, 1):
            day = GaugeMetricFamily("shortlist_monitor_day_timestamp_seconds", "The start of the day monitored last.")
            day.add_metric([], (report.day.toordinal() - _EPOCH) * 86_400.0)
            yield day
            levels = GaugeMetricFamily(
                "shortlist_monitor_level",
                "What the last monitoring found: 0 fine, 1 a warning, 2 an alert.",
                labels=["rule"],
            )
            for rule in sorted({one.rule for one in report.findings}):
                found = max((one.status for one in report.findings if one.rule == rule), key=SEVERITY.index)
                levels.add_metric([rule], LEVELS[found])
            yield levels


_EPOCH: Final = 719_163
"""The ordinal of 1970-01-01."""
