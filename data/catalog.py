"""The catalogue and the users' attributes: raw rows made canonical, merged by id, stored as one Parquet table each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.categories import Categories, read_categories, read_levels
from data.event_names import squash
from data.events import Reading
from data.formats import AUTO, CATEGORY_LEVELS, FORMATS, ITEM_ALIASES, USER_ALIASES, recognise
from data.guests import named_ids
from data.inventory import check_absent, check_content
from data.lookup import is_among
from data.mapping import ColumnMap, map_columns, require
from data.numbers import read_prices
from data.parsing import is_numeric_time, to_availability, to_text, to_times
from data.publication import Publication, reading
from data.sources import RawTable
from data.spelling import read_ids
from data.store import arrow_schema
from shortlist.columns import (
    AVAILABILITY,
    BRAND,
    CATEGORY,
    COST,
    CREATED_AT,
    DESCRIPTION,
    DISCONTINUED,
    GROUP_ID,
    ITEM_DTYPES,
    ITEM_ID,
    PRICE,
    TAGS,
    TITLE,
    USER_ID,
)
from shortlist.errors import DataError
from shortlist.home import Home

_TAG_SEPARATOR: Final = "|"


@dataclass(frozen=True, slots=True)
class EntityTable:
    """Items or users of one file in canonical columns, each row where its raw row stands, with what to be warned of."""

    raw: RawTable
    rows: pd.DataFrame
    columns: ColumnMap
    warnings: tuple[str, ...] = ()


def canonical_items(raw: RawTable, given: Reading) -> EntityTable:
    """Turn raw rows into catalogue rows; the id may be missing still.

    Raises
    ------
    DataError
        When there is no column of ids, or creation times are numbers whose unit nobody named.
    """
    columns = list(raw.rows.columns)
    levels = [name for names in CATEGORY_LEVELS for name in columns if squash(name) in names]
    found = map_columns(columns, given.columns, {}, ITEM_ALIASES, taken=levels)
    require(found, [ITEM_ID], columns, raw.name)
    texts = {
        column: _text(found.values(raw.rows, column), raw.rows, _TAG_SEPARATOR)
        for column, dtype in ITEM_DTYPES.items()
        if dtype == "str"
    }
    rows = pd.DataFrame(texts, index=raw.rows.index)
    rows[ITEM_ID], of_ids = _ids(ITEM_ID, found, raw, given)
    categories = _categories(found, raw.rows, levels)
    rows[CATEGORY] = categories.paths
    given_prices = found.values(raw.rows, PRICE)
    prices = None if given_prices is None else read_prices(given_prices, given.decimal)
    rows[PRICE] = np.nan if prices is None else prices.values
    given_costs = found.values(raw.rows, COST)
    rows[COST] = np.nan if given_costs is None else read_prices(given_costs, given.decimal).values
    states, unclear = _states(found.values(raw.rows, AVAILABILITY), raw.rows)
    rows[AVAILABILITY] = (states == "in").where(states.notna()).astype("boolean")
    rows[DISCONTINUED] = (states == "gone").where(states.notna()).astype("boolean")
    rows[CREATED_AT] = _created(found.values(raw.rows, CREATED_AT), raw, given)
    warnings = (
        *of_ids,
        categories.warning(raw.name),
        "" if prices is None else prices.warning(raw.name, "price"),
        _warning(raw, unclear, "availability that is not understood; it stays as it is, in stock for new items"),
    )
    return EntityTable(raw, _inherited(rows, raw)[list(ITEM_DTYPES)], found, tuple(one for one in warnings if one))


def canonical_users(raw: RawTable, given: Reading) -> EntityTable:
    """Turn raw rows into rows of ``user_id`` and attributes, all as text; the id may be missing still.

    Raises
    ------
    DataError
        When there is no column of ids.
    """
    columns = list(raw.rows.columns)
    found = map_columns(columns, given.columns, {}, USER_ALIASES)
    require(found, [USER_ID], columns, raw.name)
    attributes = {str(name): _text(raw.rows[name], raw.rows, _TAG_SEPARATOR) for name in found.ignored}
    ids, warnings = _ids(USER_ID, found, raw, given)
    rows = pd.DataFrame({USER_ID: ids, **attributes})
    return EntityTable(raw, rows, ColumnMap(found.sources, ()), warnings)


def read_items(home: Home) -> pd.DataFrame:
    """The catalogue in canonical columns and dtypes, sorted by ``item_id``; without rows when there is none."""
    with reading(home):
        stored = _read(home, home.items)
    rows = stored.reindex(columns=list(ITEM_DTYPES))
    rows[DISCONTINUED] = rows[DISCONTINUED].astype("boolean").fillna(value=False)  # release 0.1 stored none
    return rows.astype(ITEM_DTYPES)


def read_users(home: Home) -> pd.DataFrame:
    """``user_id`` and the attribute columns, all str, sorted by ``user_id``; without rows when there are none."""
    with reading(home):
        stored = _read(home, home.users)
    rows = stored if USER_ID in stored else pd.DataFrame({USER_ID: []})
    return rows.astype("str")


def categories_of(catalog: pd.DataFrame) -> pd.Series:
    """Each item's category, by item id; empty where it has none."""
    named = catalog[CATEGORY] if CATEGORY in catalog else pd.Series("", index=catalog.index, dtype="str")
    return pd.Series(named.fillna("").to_numpy(), index=catalog[ITEM_ID].to_numpy(), dtype="str")


def merge(stored: pd.DataFrame, new: pd.DataFrame, key: str) -> pd.DataFrame:
    """Stored rows with the values of new ones put over them by id, sorted by id.

    A value that is missing in the new row leaves the stored one, and a row that has no new one stays.
    """
    columns = [*stored.columns, *(column for column in new.columns if column not in stored.columns)]
    merged = new.set_index(key).combine_first(stored.set_index(key))
    return merged.sort_index(kind="stable").reset_index().reindex(columns=columns)


def merged_items(stored: pd.DataFrame, new: pd.DataFrame, *, is_whole: bool) -> pd.DataFrame:
    """The catalogue with a file's rows put over it; in stock where nothing says otherwise.

    Where the file is the whole catalogue its rows stand alone, and the items that it lacks are discontinued.
    """
    states = {AVAILABILITY: True, DISCONTINUED: False}
    stored = stored.astype(dict.fromkeys(states, "boolean"))
    if is_whole:
        lacking = ~is_among(stored[ITEM_ID], new[ITEM_ID])
        stored = stored[lacking].assign(**{AVAILABILITY: False, DISCONTINUED: True})
    return merge(stored, new, ITEM_ID).fillna(states).astype(ITEM_DTYPES)


def stage_items(publication: Publication, items: pd.DataFrame) -> None:
    """Stage a new catalogue."""
    _stage(publication, publication.home.items, items, arrow_schema(ITEM_DTYPES))


def stage_users(publication: Publication, users: pd.DataFrame) -> None:
    """Stage new user attributes."""
    _stage(publication, publication.home.users, users, arrow_schema(dict.fromkeys(users.columns, "str")))


def _stage(publication: Publication, target: Path, rows: pd.DataFrame, schema: pa.Schema) -> None:
    pq.write_table(pa.Table.from_pandas(rows, schema=schema, preserve_index=False), publication.stage(target))


def _read(home: Home, path: Path) -> pd.DataFrame:
    if not path.exists():
        check_absent(home, path)
        return pd.DataFrame()
    check_content(home, [path])
    try:
        stored: pd.DataFrame = pq.ParquetFile(path).read().to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: cannot be read: {error}. Delete the file and import the catalogue again with --items or --users."
        ) from error
    return stored


def _ids(column: str, found: ColumnMap, raw: RawTable, given: Reading) -> tuple[pd.Series, tuple[str, ...]]:
    values = found.values(raw.rows, column)
    if values is None:
        return pd.Series(np.nan, raw.rows.index, dtype="str"), ()
    spelling = read_ids(values)
    named = named_ids(spelling.ids, given.null_words, may_be_zero=False)
    return named.ids, (*spelling.warnings(raw.name, column), *named.warnings(raw.name, column))


def _text(values: pd.Series | None, rows: pd.DataFrame, separator: str) -> pd.Series:
    """Text of a column, a list joined with a separator."""
    if values is None:
        return pd.Series(np.nan, rows.index, dtype="str")
    return to_text(_joined(values, separator))


def _joined(values: pd.Series, separator: str) -> pd.Series:
    if values.dtype != "object":
        return values
    return values.map(
        lambda value: separator.join(str(one) for one in value) if isinstance(value, (list, np.ndarray)) else value
    ).astype("object")


def _categories(found: ColumnMap, rows: pd.DataFrame, levels: Sequence[str]) -> Categories:
    """Category paths: from one column, or from one column a level."""
    values = found.values(rows, CATEGORY)
    if values is not None:
        return read_categories(values)
    return read_levels(rows[list(levels)]) if levels else Categories(pd.Series(np.nan, rows.index, dtype="str"))


def _inherited(rows: pd.DataFrame, raw: RawTable) -> pd.DataFrame:
    """Items with what they lack taken from the item whose variants they are.

    A parent is named by its ``item_id``, or as ``id:N`` by the number in the file's column ``ID`` (WooCommerce).
    """
    numbers = next((to_text(raw.rows[name]) for name in raw.rows.columns if squash(name) == "id"), None)
    if numbers is not None:
        by_number = pd.Series(rows[ITEM_ID].to_numpy(), "id:" + numbers).dropna()
        by_number = by_number[by_number.index.notna() & ~by_number.index.duplicated()]
        rows[GROUP_ID] = rows[GROUP_ID].map(by_number).fillna(rows[GROUP_ID])
    parents = rows[rows[ITEM_ID].notna()].drop_duplicates(ITEM_ID, keep="last").set_index(ITEM_ID)
    for column in (TITLE, DESCRIPTION, CATEGORY, BRAND, TAGS):
        rows[column] = rows[column].fillna(rows[GROUP_ID].map(parents[column]).astype("str"))
    return rows


def _states(values: pd.Series | None, rows: pd.DataFrame) -> tuple[pd.Series, int]:
    """``in``, ``out``, ``gone`` or missing for each row, and how many values were not understood."""
    if values is None:
        return pd.Series(None, rows.index, dtype="object"), 0
    states = to_availability(values)
    return states, int((states.isna() & to_text(values).notna()).sum())


def _created(values: pd.Series | None, raw: RawTable, given: Reading) -> pd.Series:
    if values is None:
        return pd.Series(pd.NaT, raw.rows.index, dtype=ITEM_DTYPES[CREATED_AT])
    known = recognise(raw.rows) if given.format_name == AUTO else FORMATS[given.format_name]
    unit = given.timestamp_unit or known.timestamp_unit or ("s" if "CREATION_TIMESTAMP" in raw.rows else None)
    if unit is None and is_numeric_time(values):
        raise DataError(
            f"{raw.name}: creation times are numbers such as {to_text(values).dropna().iloc[0]}, and nothing says in "
            "which unit. Name it: --timestamp-unit s (ms, us, ns, or D for days since 1970)."
        )
    return to_times(values, given.times(unit))


def _warning(raw: RawTable, count: int, what: str) -> str:
    return f"{raw.name}: {count:,} items have a {what}." if count else ""
