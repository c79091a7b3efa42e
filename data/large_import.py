"""Large files of events into the home, some days at a time: the same rows, rules and records as `data.importing`.

Each group of days is checked, compared with the stored events of its days, and staged; all are published in one step,
or none. Memory is that of one group. What compares all events with each other is counted by DuckDB where they lie.
"""

import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from data.batch import Batch, make_batch
from data.checking import Checked, Sources, check, refuse_if_bad
from data.duplicates import find_duplicates
from data.event_ids import SeenIds
from data.events import Reading, canonical_events
from data.importing import report_of, write_import
from data.large_files import LargeEvents
from data.planning import Plan, plan_catalogue, set_aside_unwanted
from data.publication import Publication, import_lock, reading
from data.reasons import Reason
from data.report import ImportReport
from data.settings import DataConfig
from data.single_items import supersede
from data.sources import RawTable
from data.staged_facts import staged_facts
from data.store import event_dataset, stage_events, stored_files, stored_ids_among, stored_on
from data.tally import Tally
from data.validation import contract_codes
from shortlist.columns import EVENT_ID, ITEM_ID, TIMESTAMP
from shortlist.home import Home
from shortlist.progress import Reporter


def import_large(
    home: Home,
    large: LargeEvents,
    others: Sources,
    given: Reading,
    config: DataConfig,
    *,
    now: datetime,
    reporter: Reporter,
) -> ImportReport:
    """Import large files of events, and other tables beside them, as `import_tables` does: all of it or nothing.

    Raises
    ------
    DataError, DataRefused, StoreUnavailable
        As `import_tables`; and where the events cannot be sorted.
    """
    checked = check(others, given, config, now, reporter, also=large.columns)
    with import_lock(home):
        import_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        publication = Publication(home, import_id)
        with _thrown_away_on_failure(publication):
            checked, plan = _Intake(home, large, given, config, now).taken(checked, publication, reporter)
            is_new = plan.changes or checked.events is None or checked.events.n_accepted > 0
            report = report_of(checked, plan, import_id if is_new else None)
            if is_new:
                write_import(home, checked, plan, report, config, now, reporter, publication)
            if checked.items is not None:
                supersede(home, None if checked.is_whole_catalog else checked.items.accepted[ITEM_ID])
    return report


def validate_large(
    home: Home,
    large: LargeEvents,
    others: Sources,
    given: Reading,
    config: DataConfig,
    *,
    now: datetime,
    reporter: Reporter,
) -> ImportReport:
    """What `import_large` would say, errors included; changes nothing of the home."""
    checked = check(others, given, config, now, reporter, also=large.columns)
    with tempfile.TemporaryDirectory(prefix="shortlist-") as folder, reading(home):
        publication = Publication(Home(Path(folder)), "checked")
        checked, plan = _Intake(home, large, given, config, now).taken(checked, publication, reporter)
        return report_of(checked, plan, None)


@contextmanager
def _thrown_away_on_failure(publication: Publication) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(publication.folder, ignore_errors=True)
        raise


@dataclass(frozen=True, slots=True)
class _Intake:
    """What large events are judged by."""

    home: Home
    large: LargeEvents
    given: Reading
    config: DataConfig
    now: datetime

    def taken(self, checked: Checked, publication: Publication, says: Reporter) -> tuple[Checked, Plan]:
        """Judge and stage the events; what was checked and planned, with theirs."""
        plan, catalog = plan_catalogue(self.home, checked)
        files = [str(file) for file in self.large.given]
        tally, by_contract, seen = Tally("events", files), Tally("events", files), self._seen(publication)
        warnings: dict[str, str] = {}
        formats: set[str] = set()
        groups = self.large.groups(publication.home.root)
        for raw in says.track(groups, self.large.n_rows, "events, day by day", _n_rows):
            table = canonical_events(raw, replace(self.given, null_words=self.config.null_words))
            batch = make_batch("events", [(raw, table.events)])
            batch.codes = contract_codes(batch.rows, batch.is_malformed, self.config, self.now)
            by_contract.count(batch)
            set_aside_unwanted(batch, catalog, self.home, self.config)
            self._set_aside_known(batch, seen)
            stage_events(publication, batch.accepted, publication.name)
            tally.add(batch)
            formats.add(table.format.name)
            for warning in table.warnings:
                warnings.setdefault(re.sub(r"[\d,]+", "#", warning), warning)
        named = {self.large.name: ", ".join(sorted(formats))}
        refuse_if_bad(by_contract, self.config, named)
        plan.facts, plan.warnings = staged_facts(_staged(publication), catalog[ITEM_ID], self.home)
        told = [*checked.warnings, *warnings.values()]
        lines = {**self.large.lines, **checked.lines}
        return replace(checked, events=tally, formats={**checked.formats, **named}, lines=lines, warnings=told), plan

    def _seen(self, publication: Publication) -> SeenIds:
        """The ids of stored events, to which those of staged ones are added."""

        def confirm(ids: pd.Series) -> pd.Series:
            return stored_ids_among([*stored_files(self.home), *_staged(publication)], ids)

        seen = SeenIds(confirm)
        for batch in event_dataset(stored_files(self.home)).to_batches(columns=[EVENT_ID]):
            if len(ids := batch[EVENT_ID].drop_null()):
                seen.add(ids.to_pandas())
        return seen

    def _set_aside_known(self, batch: Batch, seen: SeenIds) -> None:
        """Set aside what is stored, in the group already, or has an id that came by."""
        accepted = batch.accepted
        stored = stored_on(self.home, frozenset(accepted[TIMESTAMP].dt.date.unique()))
        repeated = find_duplicates(accepted, stored) | seen.among(accepted[EVENT_ID]).to_numpy()
        batch.quarantine(accepted.index[repeated], Reason.DUPLICATE)
        if len(ids := batch.accepted[EVENT_ID].dropna()):
            seen.add(ids)


def _n_rows(raw: RawTable) -> int:
    return len(raw.rows)


def _staged(publication: Publication) -> list[Path]:
    """The event files that are staged."""
    return sorted((publication.folder / "events").rglob("*.parquet"))
