"""The way of what came over HTTP into the home's files: events, each of them once, and what items are now."""

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pandas as pd

from data.checking import Sources
from data.events import Reading
from data.forgetting import finish_forgetting
from data.importing import import_tables
from data.log.exposures import compact_exposures
from data.log.journal import Journal, Kept
from data.log.register import Register
from data.log.sqlite_journal import SqliteJournal
from data.settings import DataConfig
from data.single_events import events_of
from data.single_items import items_of
from data.sources import RawTable
from shortlist.columns import TIMESTAMP
from shortlist.home import Home
from shortlist.progress import Reporter
from shortlist.registry import Registry

MOST_AT_ONCE: Final = 200_000


@dataclass(frozen=True, slots=True)
class Drained:
    """How many events of the journal were stored, and how many not (known already, or excluded); how many items."""

    n_stored: int = 0
    n_set_aside: int = 0
    n_items: int = 0


def drain(home: Home, config: DataConfig, reporter: Reporter) -> Drained:
    """Finish forgetting, import what is new in journal and register, and let go there of what the serving bundle knows.

    The rest stays in the journal until it does, since a worker that starts has no other way to know of it. A crash
    after the import has the same events imported again; they are known already then, and are not stored twice.

    Raises
    ------
    StoreUnavailable
        When the journal cannot be used, or an import is running.
    DataError
        When the rules have changed, and none of the events keeps them any more.
    """
    finish_forgetting(home)
    compact_exposures(home, datetime.now(UTC).date())
    n_items = drain_items(home, config, reporter)
    if not home.journal.exists():
        return Drained(n_items=n_items)
    with closing(SqliteJournal(home.journal)) as journal:
        return replace(_drained(home, journal, config, reporter), n_items=n_items)


def drain_items(home: Home, config: DataConfig, reporter: Reporter) -> int:
    """Put what the register says of items over the catalogue; how many items that were."""
    if not home.register.exists():
        return 0
    with closing(Register(home.register)) as register:
        waiting = register.waiting("item")
        if waiting:
            reporter.step(f"{len(waiting):,} items of the register")
            sources, reading = Sources(items=[items_of(waiting)]), Reading("shortlist", timestamp_unit="s")
            now = datetime.now(UTC)
            import_tables(home, sources, reading, config, now=now, reporter=reporter, is_newest=False)
            register.note_stored(waiting)
        return len(waiting)


def _drained(home: Home, journal: Journal, config: DataConfig, reporter: Reporter) -> Drained:
    n_stored = n_set_aside = 0
    while kept := journal.read_after(journal.stored(), MOST_AT_ONCE):
        reporter.step(f"{len(kept):,} events of the journal")
        sources, now = Sources(events=[_table(home, kept)]), datetime.now(UTC)
        report = import_tables(home, sources, Reading("shortlist"), config, now=now, reporter=reporter)
        n_new = 0 if report.events is None else report.events.accepted
        journal.note_stored(kept[-1].position)
        n_stored, n_set_aside = n_stored + n_new, n_set_aside + len(kept) - n_new
    journal.trim(_last_known(home, journal))
    return Drained(n_stored, n_set_aside)


def _last_known(home: Home, journal: Journal) -> int:
    """The last position before the first event that is not stored, or that the serving bundle does not know."""
    version, stored = Registry(home).current(), journal.stored()
    if version is None:
        return stored
    end, last = Registry(home).open(version).manifest.data.end, 0
    while kept := journal.read_after(last, MOST_AT_ONCE):
        is_known = (events_of([one.entry for one in kept])[TIMESTAMP] < end).to_numpy()
        for one, known in zip(kept, is_known, strict=True):
            if not known or one.position > stored:
                return last
            last = one.position
    return last


def _table(home: Home, kept: list[Kept]) -> RawTable:
    """The events as a file would hold them."""
    events = events_of([one.entry for one in kept])
    return RawTable(home.journal.name, events, pd.Series(np.arange(1, len(events) + 1)))
