"""What an import's report says of events that are staged in files, counted by DuckDB where they lie."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyRelation

from data.cancels import net_cancels
from data.id_warnings import id_warnings
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
        connection.register("catalogue", pa.table({ITEM_ID: pa.array(catalog_ids, pa.string())}))
        staged, stored = connection.table("staged"), connection.table("stored")
        catalogue = connection.table("catalogue") if len(catalog_ids) else None
        return _facts(staged, stored, catalogue), id_warnings(connection, staged, stored, catalogue)


def _facts(staged: DuckDBPyRelation, stored: DuckDBPyRelation, catalogue: DuckDBPyRelation | None) -> dict[str, Any]:
    figures = "count(DISTINCT user_id), count(DISTINCT item_id), min(epoch_us(timestamp)), max(epoch_us(timestamp))"
    ((n_users, n_items, first, last),) = staged.aggregate(figures).fetchall()
    types = dict(staged.aggregate("event_type, count(*) AS n", "event_type").order("n DESC, event_type").fetchall())
    n_unjoined, n_missing = (None, None) if catalogue is None else _unjoined(staged, catalogue)
    matched = _matched_cancels(staged, stored) if str(EventType.CANCEL) in types else 0
    return {
        "unjoined_events": n_unjoined,
        "unjoined_items": n_missing,
        "n_users": n_users,
        "n_items": n_items,
        "first_timestamp": pd.Timestamp(first, unit="us", tz="UTC").isoformat(),
        "last_timestamp": pd.Timestamp(last, unit="us", tz="UTC").isoformat(),
        "event_types": types,
        "cancels_matched": matched,
        "cancels_unmatched": types.get(str(EventType.CANCEL), 0) - matched,
    }


def _unjoined(staged: DuckDBPyRelation, catalogue: DuckDBPyRelation) -> tuple[int, int]:
    """How many events name items that the catalogue lacks, and how many items."""
    unjoined = staged.join(catalogue, ITEM_ID, how="anti")
    ((n_events, n_items),) = unjoined.aggregate("count(*), count(DISTINCT item_id)").fetchall()
    return n_events, n_items


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
