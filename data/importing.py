"""Files into the home: read, check, refuse or take, and write in one step.

What is new is decided under the import lock, against what the home holds then. An import that brings nothing new writes
nothing at all.
"""

import shlex
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.accounts import account_warnings
from data.batch import Batch, Counted, make_batch
from data.cancels import net_cancels
from data.catalog import (
    EntityTable,
    canonical_items,
    canonical_users,
    merge,
    merged_items,
    read_items,
    read_users,
    stage_items,
    stage_users,
)
from data.csv_files import Lines
from data.duplicates import find_duplicates
from data.events import EventTable, Reading, canonical_events
from data.lookup import is_among
from data.people import read_people
from data.publication import Publication, import_lock, reading
from data.reasons import Reason
from data.report import CatalogChanges, ImportReport, TableReport, catalog_changes, table_report
from data.settings import DataConfig
from data.shifted import shift_warnings
from data.single_items import supersede
from data.sources import RawTable, read_sources
from data.spelling import read_ids, spelt_twice
from data.store import stage_events, stored_of, stored_on, stored_user_ids, stored_with_ids
from data.validation import contract_codes, is_plain
from shortlist.columns import (
    CATEGORY,
    CATEGORY_SEPARATOR,
    EVENT_ID,
    EVENT_TYPE,
    ITEM_ID,
    TIMESTAMP,
    USER_ID,
    EventType,
)
from shortlist.config import dump_model
from shortlist.errors import DataError, DataRefused
from shortlist.home import Home
from shortlist.progress import Reporter, SilentReporter

MIN_SHARE_HELD = 0.5
"""Of the events' items, for a column of the catalogue to be pointed out as that of their ids."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Raw tables of one import."""

    events: Sequence[RawTable] = ()
    items: Sequence[RawTable] = ()
    users: Sequence[RawTable] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that is known before the home is looked at."""

    events: Counted | None
    items: Batch | None
    users: Batch | None
    formats: Mapping[str, str]
    lines: Mapping[str, Lines]
    is_whole_catalog: bool
    warnings: list[str]


@dataclass(slots=True)
class Plan:
    """What an import is going to write."""

    accepted: pd.DataFrame | None = None
    items: pd.DataFrame | None = None
    users: pd.DataFrame | None = None
    facts: dict[str, object] = field(default_factory=dict)
    catalog: CatalogChanges | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return any(part is not None and len(part) > 0 for part in (self.accepted, self.items, self.users))


def read_files(
    events: Sequence[Path],
    items: Sequence[Path],
    users: Sequence[Path],
    reporter: Reporter,
    encoding: str | None = None,
) -> Sources:
    """Read the files of an import. Raises ``DataError`` for a file that cannot be read."""
    named = {"events": events, "items": items, "users": users}
    tables = {}
    for kind, paths in named.items():
        if paths:
            reporter.step(f"Reading {kind} from {', '.join(map(str, paths))}")
        tables[kind] = read_sources(paths, encoding)
    return Sources(**tables)


def import_tables(
    home: Home,
    sources: Sources,
    given: Reading,
    config: DataConfig,
    *,
    now: datetime,
    reporter: Reporter | None = None,
    is_newest: bool = True,
) -> ImportReport:
    """Check raw tables and write what is good and new into the home, all of it or nothing.

    Parameters
    ----------
    home : Home
        Created when there is none.
    sources : Sources
    given : Reading
        How to read the tables.
    config : DataConfig
    now : datetime
        The present, with a time zone: later timestamps are refused, and the import is named by it.
    reporter : Reporter, optional
    is_newest : bool
        Whether the items are newer than what the register says of them.

    Returns
    -------
    ImportReport

    Raises
    ------
    DataError
        When a table cannot be understood: a required column or a unit is missing.
    DataRefused
        When more than ``config.max_bad_share`` of the rows of a kind break the contract, or no row keeps it.
    StoreUnavailable
        When another import is running.
    """
    says = reporter or SilentReporter()
    checked = check(sources, given, config, now, says)
    with import_lock(home):
        plan = _plan(home, checked, config, says)
        import_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}" if plan.changes else None
        report = report_of(checked, plan, import_id)
        if import_id is not None:
            write_import(home, checked, plan, report, config, now, says)
        if checked.items is not None and is_newest:
            supersede(home, None if checked.is_whole_catalog else checked.items.accepted[ITEM_ID])
    return report


def validate_tables(
    home: Home, sources: Sources, given: Reading, config: DataConfig, *, now: datetime, reporter: Reporter | None = None
) -> ImportReport:
    """What `import_tables` would say, errors included; changes nothing."""
    says = reporter or SilentReporter()
    checked = check(sources, given, config, now, says)
    with reading(home):
        return report_of(checked, _plan(home, checked, config, says), None)


def check(
    sources: Sources, given: Reading, config: DataConfig, now: datetime, says: Reporter, also: Collection[str] = ()
) -> Checked:
    """Make tables canonical and check each row by itself.

    Parameters
    ----------
    also : collection of str
        Columns that other files have, which the mapping of columns may name.

    Raises
    ------
    DataRefused
        When more rows break the contract than may, or none keeps it.
    """
    _check_map(sources, given.columns, also)
    given = replace(given, null_words=config.null_words)
    says.step("Checking rows against the contract")
    raws = [*sources.events, *sources.items, *sources.users]
    events = [canonical_events(raw, given) for raw in sources.events]
    items = [canonical_items(raw, given) for raw in sources.items]
    users = [canonical_users(raw, given) for raw in sources.users]
    checked = Checked(
        events=_event_batch(events, config, now),
        items=_entity_batch("items", items, ITEM_ID, Reason.MISSING_ITEM_ID, config),
        users=_entity_batch("users", users, USER_ID, Reason.MISSING_USER_ID, config),
        formats={table.raw.name: table.format.name for table in events},
        is_whole_catalog=given.is_whole_catalog,
        lines={raw.name: raw.lines for raw in raws if raw.lines is not None},
        warnings=[
            *(one for raw in raws for one in raw.warnings),
            *_ignored_columns([*events, *items]),
            *(one for table in events for one in table.warnings),
            *(one for table in [*items, *users] for one in table.warnings),
        ],
    )
    for batch in (checked.events, checked.items, checked.users):
        refuse_if_bad(batch, config, checked.formats)
    return checked


def _event_batch(tables: Sequence[EventTable], config: DataConfig, now: datetime) -> Batch | None:
    if not tables:
        return None
    batch = make_batch("events", [(table.raw, table.events) for table in tables])
    batch.codes = contract_codes(batch.rows, batch.is_malformed, config, now)
    return batch


def _check_map(sources: Sources, columns: Mapping[str, str], also: Collection[str]) -> None:
    tables = [*sources.events, *sources.items, *sources.users]
    found = {*also, *(str(name) for raw in tables for name in raw.rows.columns)}
    for canonical, source in columns.items():
        if source not in found:
            raise DataError(
                f"--map {canonical}={source}: no file has a column {source}. Columns found: {', '.join(sorted(found))}."
            )


def _ignored_columns(tables: Sequence[EventTable | EntityTable]) -> list[str]:
    return [
        f"{table.raw.name}: columns not used: {', '.join(map(str, table.columns.ignored))}."
        for table in tables
        if table.columns.ignored
    ]


def _entity_batch(
    kind: str, tables: Sequence[EntityTable], key: str, missing: Reason, config: DataConfig
) -> Batch | None:
    """Items or users: an id is needed, and of several rows with one id the last counts."""
    if not tables:
        return None
    batch = make_batch(kind, [(table.raw, table.rows) for table in tables])
    ids = batch.rows[key]
    batch.quarantine(np.flatnonzero(ids.isna()), missing)
    batch.quarantine(np.flatnonzero(ids.str.len() > config.max_id_length), Reason.ID_TOO_LONG)
    batch.quarantine(np.flatnonzero(ids.notna() & ~is_plain(ids)), Reason.BAD_ID)
    accepted = batch.accepted[key]
    batch.quarantine(accepted.index[accepted.duplicated(keep="last")], Reason.DUPLICATE)
    return batch


def refuse_if_bad(batch: Counted | None, config: DataConfig, formats: Mapping[str, str]) -> None:
    """Raise ``DataRefused`` when more rows break the contract than may, or none keeps it."""
    if batch is None or not batch.n_rows:
        return
    n_rows, n_bad, n_good = batch.n_rows, batch.n_bad(), batch.n_accepted
    if n_good and n_bad <= config.max_bad_share * n_rows:
        return
    counts = ", ".join(f"{reason} {count:,}" for reason, count in batch.counts().items())
    worst = max(batch.counts().items(), key=lambda item: (Reason(item[0]).breaks_contract, item[1]))[0]
    read_as = f" Read as format {', '.join(sorted(set(formats.values())))}." if batch.kind == "events" else ""
    share = f"at most {config.max_bad_share:.0%} may (--max-bad-share)" if n_good else "no row is good"
    raise DataRefused(
        f"{', '.join(batch.files)}: {n_bad:,} of {n_rows:,} rows break the contract, and {share}; "
        f"nothing was imported. {counts}.{read_as} {worst}: {Reason(worst).hint}"
    )


def plan_catalogue(home: Home, checked: Checked) -> tuple[Plan, pd.DataFrame]:
    """Compare items and users with those of the home; also the catalogue as it will be."""
    plan = Plan()
    stored_items = read_items(home)
    catalog = stored_items
    if checked.items is not None:
        given = checked.items.accepted
        catalog = merged_items(stored_items, given, is_whole=checked.is_whole_catalog)
        plan.items = None if catalog.equals(stored_items) else catalog
        plan.catalog = catalog_changes(stored_items, given, catalog)
    if checked.users is not None:
        stored_users = read_users(home)
        users = merge(stored_users, checked.users.accepted, USER_ID).astype("str")
        plan.users = None if users.equals(stored_users) else users
    return plan, catalog


def _plan(home: Home, checked: Checked, config: DataConfig, says: Reporter) -> Plan:
    """Compare with what the home holds; sets aside excluded and known events."""
    plan, catalog = plan_catalogue(home, checked)
    batch = checked.events
    if isinstance(batch, Batch):
        says.step("Comparing with the events that are there already")
        set_aside_unwanted(batch, catalog, home, config)
        _set_aside_known(batch, home)
        plan.accepted = batch.accepted
        item_ids = plan.accepted[ITEM_ID]
        unjoined = item_ids[~is_among(item_ids, catalog[ITEM_ID])] if len(catalog) else None
        plan.facts = _facts(plan.accepted, unjoined, home)
        plan.warnings = _id_warnings(plan.accepted, unjoined, catalog[ITEM_ID], home)
        plan.warnings += shift_warnings(plan.accepted, stored_on(home, _days_around(plan.accepted)))
        if unjoined is not None and len(unjoined) == len(item_ids) > 0 and checked.items is not None:
            plan.warnings += _better_columns(checked.items, unjoined)
    return plan


def set_aside_unwanted(batch: Batch, catalog: pd.DataFrame, home: Home, config: DataConfig) -> None:
    """Set aside events of excluded users and categories, and those from before their user was forgotten."""
    is_excluded = batch.rows[USER_ID].isin(config.excluded_users)
    batch.quarantine(np.flatnonzero(is_excluded), Reason.EXCLUDED_USER)
    _set_aside_excluded(batch, catalog, config.excluded_categories)
    _set_aside_forgotten(batch, home)


def _set_aside_excluded(batch: Batch, catalog: pd.DataFrame, prefixes: Sequence[str]) -> None:
    if not prefixes:
        return
    paths = catalog[CATEGORY].fillna("") + CATEGORY_SEPARATOR
    starts = tuple(f"{prefix}{CATEGORY_SEPARATOR}" for prefix in prefixes)
    excluded = catalog.loc[paths.str.startswith(starts), ITEM_ID]
    accepted = batch.accepted
    batch.quarantine(accepted.index[is_among(accepted[ITEM_ID], excluded)], Reason.EXCLUDED_CATEGORY)


def _set_aside_forgotten(batch: Batch, home: Home) -> None:
    """Events from before their user was forgotten."""
    people = read_people(home)
    if people.moments:
        accepted = batch.accepted
        moments = {user: people.moment(user) for user in accepted[USER_ID].unique()}
        since = pd.to_datetime(accepted[USER_ID].map(moments).astype("float64"), unit="s", utc=True)
        batch.quarantine(accepted.index[accepted[TIMESTAMP] < since], Reason.FORGOTTEN_USER)


def _set_aside_known(batch: Batch, home: Home) -> None:
    accepted = batch.accepted
    stored = stored_on(home, frozenset(accepted[TIMESTAMP].dt.date.unique()))
    event_ids = accepted[EVENT_ID].dropna()
    if len(event_ids):
        stored = pd.concat([stored, stored_with_ids(home, event_ids)], ignore_index=True)
    batch.quarantine(accepted.index[find_duplicates(accepted, stored)], Reason.DUPLICATE)


def _days_around(events: pd.DataFrame) -> frozenset[date]:
    """The days of events, and those before and after each."""
    days = pd.Series(events[TIMESTAMP].dt.date.unique())
    return frozenset(day + timedelta(days=step) for day in days for step in (-1, 0, 1))


def _facts(accepted: pd.DataFrame, unjoined: pd.Series | None, home: Home) -> dict[str, object]:
    times, kinds = accepted[TIMESTAMP], accepted[EVENT_TYPE].value_counts()
    matched = _matched_cancels(accepted, home)
    return {
        "unjoined_events": None if unjoined is None else len(unjoined),
        "unjoined_items": None if unjoined is None else int(unjoined.nunique()),
        "n_users": int(accepted[USER_ID].nunique()),
        "n_items": int(accepted[ITEM_ID].nunique()),
        "first_timestamp": times.min().isoformat() if len(times) else None,
        "last_timestamp": times.max().isoformat() if len(times) else None,
        "event_types": {str(kind): int(count) for kind, count in kinds.items()},
        "cancels_matched": matched,
        "cancels_unmatched": int(kinds.get(str(EventType.CANCEL), 0)) - matched,
    }


def _id_warnings(accepted: pd.DataFrame, unjoined: pd.Series | None, catalog_ids: pd.Series, home: Home) -> list[str]:
    """Customers that may be one or none, and items that the catalogue may know by another spelling."""
    found = account_warnings(accepted[USER_ID])
    n_users, (one, other) = spelt_twice(accepted[USER_ID], stored_user_ids(home))
    if n_users:
        found.append(
            f"events: {n_users:,} user ids are spelt in two ways, such as {one} and {other}; they are taken as "
            "different customers. Export ids as text from both sources."
        )
    if unjoined is None or unjoined.empty:
        return found
    n_items, (one, other) = spelt_twice(unjoined, catalog_ids)
    if n_items:
        found.append(
            f"events: {len(unjoined):,} of {len(accepted):,} name items that the catalogue lacks, and {n_items:,} of "
            f"these are in it under another spelling, such as {one} and {other}. Export ids as text from both sources."
        )
    elif len(unjoined) == len(accepted):
        found.append(
            f"events: none of the {len(accepted):,} events finds its item in the catalogue. Events have ids such as "
            f"{unjoined.iloc[0]}, the catalogue such as {catalog_ids.iloc[0]}."
        )
    return found


def _better_columns(items: Batch, unjoined: pd.Series) -> list[str]:
    """Columns of the catalogue's files that hold the items' ids, where the column that was taken holds none."""
    wanted = pd.Series(unjoined.unique(), dtype="str")
    held = {
        (raw.name, str(name)): float(is_among(wanted, read_ids(raw.rows[name]).ids).mean())
        for raw in items.raws
        for name in raw.rows.columns
    }
    return [
        f"{table}: column {name} holds the ids of {share:.0%} of the events' items. To take it: "
        f"{shlex.join(['--map', f'item_id={name}'])}"
        for (table, name), share in held.items()
        if share >= MIN_SHARE_HELD
    ]


def _matched_cancels(accepted: pd.DataFrame, home: Home) -> int:
    """How many of the new cancels take something, from new or stored purchases."""
    cancels = accepted.loc[accepted[EVENT_TYPE] == str(EventType.CANCEL), USER_ID]
    if cancels.empty:
        return 0
    stored = stored_of(home, cancels.unique())
    together = pd.concat([accepted.reset_index(drop=True), stored], ignore_index=True)
    matched = net_cancels(together).matched
    return int(matched[matched.index < len(accepted)].sum())


def report_of(checked: Checked, plan: Plan, import_id: str | None) -> ImportReport:
    """What an import took and set aside; `import_id` is None where it writes nothing."""
    nothing = {"n_users": 0, "n_items": 0, "event_types": {}, "cancels_matched": 0, "cancels_unmatched": 0}
    absent = dict.fromkeys(("unjoined_events", "unjoined_items", "first_timestamp", "last_timestamp"))
    warnings = [*checked.warnings, *plan.warnings]
    batches = (checked.events, checked.items, checked.users)
    warnings += [
        f"{batch.kind}: the files hold no rows." for batch in batches if batch is not None and not batch.n_rows
    ]
    if checked.events is not None and checked.events.n_rows and not checked.events.n_accepted:
        warnings.append("events: none is new; the reasons are listed.")
    return ImportReport(
        events=_table(checked.events),
        items=_table(checked.items),
        users=_table(checked.users),
        import_id=import_id,
        already_imported=import_id is None and not plan.changes and _holds_known_rows(checked),
        formats=checked.formats,
        lines=checked.lines,
        catalog=plan.catalog,
        warnings=warnings,
        **{**nothing, **absent, **plan.facts},  # type: ignore[arg-type]
    )


def _holds_known_rows(checked: Checked) -> bool:
    """Whether there is a good row at all, which then must have been known."""
    entities = [batch for batch in (checked.items, checked.users) if batch is not None]
    known = checked.events is not None and str(Reason.DUPLICATE) in checked.events.counts()
    return known or any(batch.n_accepted > 0 for batch in entities)


def _table(batch: Counted | None) -> TableReport | None:
    return None if batch is None else table_report(batch)


def write_import(
    home: Home,
    checked: Checked,
    plan: Plan,
    report: ImportReport,
    config: DataConfig,
    now: datetime,
    says: Reporter,
    publication: Publication | None = None,
) -> None:
    """Stage everything that is not staged yet and publish it; the import's record goes last."""
    import_id = str(report.import_id)
    publication = Publication(home, import_id) if publication is None else publication
    says.step("Writing")
    if plan.accepted is not None:
        stage_events(publication, plan.accepted, import_id)
    _stage_some(plan.items, lambda items: stage_items(publication, items))
    _stage_some(plan.users, lambda users: stage_users(publication, users))
    rejects = [batch.rejects() for batch in (checked.events, checked.items, checked.users) if batch is not None]
    rejected = pd.concat(rejects, ignore_index=True)
    if len(rejected):
        table = pa.Table.from_pandas(rejected, preserve_index=False)
        pq.write_table(table, publication.stage(home.rejects / f"{import_id}.parquet"))
    batches = (batch for batch in (checked.events, checked.items, checked.users) if batch is not None)
    files = list(dict.fromkeys(name for batch in batches for name in batch.files))
    record = {**report.to_json(), "imported_at": now.isoformat(), "files": files, "config": dump_model(config)}
    publication.stage(home.imports / f"{import_id}.json").write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2))
    publication.publish(says)


def _stage_some(rows: pd.DataFrame | None, stage: Callable[[pd.DataFrame], None]) -> None:
    if rows is not None:
        stage(rows)


def with_max_bad_share(config: DataConfig, share: float | None) -> DataConfig:
    """The configuration with another limit of bad rows, checked like one from a file."""
    return config if share is None else DataConfig.model_validate({**dump_model(config), "max_bad_share": share})
