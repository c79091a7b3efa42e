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
from typing import Any

import pandas as pd
import pyarrow.dataset as ds

from data.batch import Batch, make_batch
from data.cancels import net_cancels
from data.checking import Checked, Sources, check, refuse_if_bad
from data.duplicates import find_duplicates
from data.event_ids import SeenIds
from data.events import Reading, canonical_events
from data.importing import report_of, write_import
from data.large_files import LargeEvents
from data.log.scan import SORT_MEMORY_MB, silent_duckdb
from data.planning import Plan, plan_catalogue, set_aside_unwanted
from data.publication import Publication, import_lock, reading
from data.reasons import Reason
from data.report import ImportReport
from data.settings import DataConfig
from data.single_items import supersede
from data.sources import RawTable
from data.store import STORED_SCHEMA, stage_events, stored_files, stored_ids_among, stored_on
from data.tally import Tally
from data.validation import contract_codes
from shortlist.atomic import temporary_folder
from shortlist.columns import EVENT_DTYPES, EVENT_ID, EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID, EventType
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

    Ids that are spelt in two ways are not looked for.

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
        plan.facts = _facts(_staged(publication), catalog[ITEM_ID], self.home)
        told = [*checked.warnings, *warnings.values()]
        lines = {**self.large.lines, **checked.lines}
        return replace(checked, events=tally, formats={**checked.formats, **named}, lines=lines, warnings=told), plan

    def _seen(self, publication: Publication) -> SeenIds:
        """The ids of stored events, to which those of staged ones are added."""

        def confirm(ids: pd.Series) -> pd.Series:
            return stored_ids_among([*stored_files(self.home), *_staged(publication)], ids)

        seen = SeenIds(confirm)
        files = [str(file) for file in stored_files(self.home)]
        for batch in ds.dataset(files, schema=STORED_SCHEMA, format="parquet").to_batches(columns=[EVENT_ID]):
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


def _facts(files: list[Path], catalog_ids: pd.Series, home: Home) -> dict[str, Any]:
    """What the report says of the events that are staged."""
    if not files:
        return {}
    with temporary_folder(files[0].parents[2]) as spilt, silent_duckdb(SORT_MEMORY_MB, spilt) as connection:
        connection.register("staged", _dataset(files))
        connection.register("catalogue", pd.DataFrame({ITEM_ID: catalog_ids.to_numpy(dtype=object)}))
        events = connection.table("staged")
        figures = "count(DISTINCT user_id), count(DISTINCT item_id), min(epoch_us(timestamp)), max(epoch_us(timestamp))"
        ((n_users, n_items, first, last),) = events.aggregate(figures).fetchall()
        types = dict(events.aggregate("event_type, count(*) AS n", "event_type").order("n DESC, event_type").fetchall())
        unjoined = events.join(connection.table("catalogue"), ITEM_ID, how="anti")
        ((n_unjoined, n_missing),) = unjoined.aggregate("count(*), count(DISTINCT item_id)").fetchall()
        matched = _matched_cancels(connection, home) if str(EventType.CANCEL) in types else 0
    return {
        "unjoined_events": n_unjoined if len(catalog_ids) else None,
        "unjoined_items": n_missing if len(catalog_ids) else None,
        "n_users": n_users,
        "n_items": n_items,
        "first_timestamp": pd.Timestamp(first, unit="us", tz="UTC").isoformat(),
        "last_timestamp": pd.Timestamp(last, unit="us", tz="UTC").isoformat(),
        "event_types": types,
        "cancels_matched": matched,
        "cancels_unmatched": types.get(str(EventType.CANCEL), 0) - matched,
    }


def _matched_cancels(connection: Any, home: Home) -> int:
    """How many of the staged cancels take something, from staged or stored purchases of their users and items."""
    files = stored_files(home)
    connection.register("stored", _dataset(files) if files else STORED_SCHEMA.empty_table())
    staged, stored = connection.table("staged"), connection.table("stored")
    columns = ", ".join(EVENT_DTYPES)
    pairs = (
        staged.filter(f"event_type = '{EventType.CANCEL}'").project("user_id, item_id").distinct().set_alias("pairs")
    )
    both = staged.project(f"{columns}, true AS is_new").union(stored.project(f"{columns}, false AS is_new"))
    traded = both.filter(f"event_type IN ('{EventType.CANCEL}', '{EventType.PURCHASE}')")
    found = traded.join(pairs, f"{USER_ID}, {ITEM_ID}", how="semi").order(f"{TIMESTAMP}, {EVENT_TYPE}").df()
    matched = net_cancels(found[list(EVENT_DTYPES)].astype(EVENT_DTYPES)).matched
    return int((matched & found["is_new"].reindex(matched.index)).sum())


def _dataset(files: list[Path]) -> ds.Dataset:
    return ds.dataset([str(file) for file in files], schema=STORED_SCHEMA, format="parquet")
