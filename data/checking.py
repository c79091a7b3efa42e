"""Raw tables made canonical, and each row checked by itself: all that is known before the home is looked at."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from data.batch import Batch, Counted, make_batch
from data.catalog import (
    EntityTable,
    canonical_items,
    canonical_users,
)
from data.csv_files import Lines
from data.events import EventTable, Reading, canonical_events
from data.reasons import Reason
from data.settings import DataConfig
from data.sources import RawTable
from data.validation import contract_codes, is_plain
from shortlist.columns import (
    ITEM_ID,
    USER_ID,
)
from shortlist.errors import DataError, DataRefused
from shortlist.progress import Reporter


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
