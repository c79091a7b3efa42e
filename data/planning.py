"""What an import is going to write: its rows beside what the home holds."""

import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from data.batch import Batch
from data.cancels import net_cancels
from data.catalog import merge, merged_items, read_items, read_users
from data.checking import Checked
from data.duplicates import find_duplicates
from data.id_warnings import counts, id_warnings
from data.log.scan import SORT_MEMORY_MB, silent_duckdb
from data.lookup import is_among
from data.people import read_people
from data.reasons import Reason
from data.report import CatalogChanges, catalog_changes
from data.settings import DataConfig
from data.shifted import shift_warnings
from data.spelling import read_ids
from data.store import event_dataset, stored_files, stored_of, stored_on, stored_with_ids
from shortlist.columns import CATEGORY, CATEGORY_SEPARATOR, EVENT_ID, EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID, EventType
from shortlist.home import Home
from shortlist.progress import Reporter

MIN_SHARE_HELD = 0.5
"""Of the events' items, for a column of the catalogue to be pointed out as that of their ids."""


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


def plan_import(home: Home, checked: Checked, config: DataConfig, says: Reporter) -> Plan:
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
        plan.warnings = _id_warnings(plan.accepted, catalog[ITEM_ID], home)
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


def _id_warnings(accepted: pd.DataFrame, catalog_ids: pd.Series, home: Home) -> list[str]:
    with silent_duckdb(SORT_MEMORY_MB, Path(tempfile.gettempdir())) as connection:
        events = connection.from_arrow(pa.Table.from_pandas(accepted[[USER_ID, ITEM_ID]], preserve_index=False))
        users, items = (counts(connection, events, column) for column in (USER_ID, ITEM_ID))
        stored = connection.from_arrow(event_dataset(stored_files(home))).project(f"{USER_ID} AS id")
        catalogue = connection.from_arrow(pa.table({"id": pa.array(catalog_ids, pa.string())}))
        return id_warnings(users, items, stored, catalogue if len(catalog_ids) else None)


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
