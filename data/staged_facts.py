"""What an import's report says of events that are staged in files, counted by DuckDB where they lie."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyRelation

from data.cancels import net_cancels
from data.id_warnings import counts, id_warnings, total, unjoined
from data.log.scan import SORT_MEMORY_MB, silent_duckdb
from data.store import event_dataset, stored_files
from shortlist.atomic import temporary_folder
from shortlist.columns import EVENT_DTYPES, EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID, EventType
from shortlist.home import Home


def staged_facts(files: list[Path], catalog_ids: pd.Series, home: Home) -> tuple[dict[str, Any], list[str]]:
    """What the report says of staged events, and what it warns of in their ids.

    Parameters
    ----------
    files : list of Path
        Those that are staged.
    catalog_ids : Series of str
    home : Home
        What it holds already.
    """
    if not files:
        return {}, []
    with temporary_folder(files[0].parents[2]) as spilt, silent_duckdb(SORT_MEMORY_MB, spilt) as connection:
        for name, events in (("staged", files), ("stored", stored_files(home))):
            connection.register(name, event_dataset(events))
        connection.register("catalogue", pa.table({"id": pa.array(catalog_ids, pa.string())}))
        staged, stored = connection.table("staged"), connection.table("stored")
        users, items = (counts(connection, staged, column) for column in (USER_ID, ITEM_ID))
        catalogue = connection.table("catalogue") if len(catalog_ids) else None
        warnings = id_warnings(users, items, stored.project(f"{USER_ID} AS id"), catalogue)
        return {**_of_ids(users, items, catalogue), **_of_events(staged, stored)}, warnings


def _of_ids(users: DuckDBPyRelation, items: DuckDBPyRelation, catalogue: DuckDBPyRelation | None) -> dict[str, Any]:
    missing = None if catalogue is None else unjoined(items, catalogue)
    return {
        "unjoined_events": None if missing is None else total(missing),
        "unjoined_items": None if missing is None else len(missing),
        "n_users": len(users),
        "n_items": len(items),
    }


def _of_events(staged: DuckDBPyRelation, stored: DuckDBPyRelation) -> dict[str, Any]:
    ((first, last),) = staged.aggregate("min(epoch_us(timestamp)), max(epoch_us(timestamp))").fetchall()
    types = dict(staged.aggregate("event_type, count(*) AS n", "event_type").order("n DESC, event_type").fetchall())
    matched = _matched_cancels(staged, stored) if str(EventType.CANCEL) in types else 0
    return {
        "first_timestamp": pd.Timestamp(first, unit="us", tz="UTC").isoformat(),
        "last_timestamp": pd.Timestamp(last, unit="us", tz="UTC").isoformat(),
        "event_types": types,
        "cancels_matched": matched,
        "cancels_unmatched": types.get(str(EventType.CANCEL), 0) - matched,
    }


def _matched_cancels(staged: DuckDBPyRelation, stored: DuckDBPyRelation) -> int:
    """How many of the staged cancels take something, from staged or stored purchases of their users and items."""
    columns = ", ".join(EVENT_DTYPES)
    pairs = (
        staged.filter(f"event_type = '{EventType.CANCEL}'").project("user_id, item_id").distinct().set_alias("pairs")
    )
    both = staged.project(f"{columns}, true AS is_new").union(stored.project(f"{columns}, false AS is_new"))
    traded = both.filter(f"event_type IN ('{EventType.CANCEL}', '{EventType.PURCHASE}')")
    found = traded.join(pairs, f"{USER_ID}, {ITEM_ID}", how="semi").order(f"{TIMESTAMP}, {EVENT_TYPE}").df()
    matched = net_cancels(found[list(EVENT_DTYPES)].astype(EVENT_DTYPES)).matched
    return int((matched & found["is_new"].reindex(matched.index)).sum())
