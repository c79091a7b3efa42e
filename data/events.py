"""Raw rows of events turned into the canonical columns, still unchecked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from data.dates import DateOrder
from data.event_names import EVENT_NAMES, canonical_event_types, squash
from data.formats import AUTO, EVENT_ALIASES, FORMATS, Format, recognise
from data.guests import NULL_WORDS, named_ids
from data.mapping import ColumnMap, map_columns, require
from data.numbers import Decimal, NumberColumn, read_numbers, read_prices
from data.order_lines import fill_order_lines
from data.parsing import TIMESTAMP_DTYPE, UNIT_MICROSECONDS, TimeReading, is_numeric_time, to_numbers, to_text, to_times
from data.sources import RawTable
from data.spelling import read_ids
from shortlist.columns import (
    EVENT_DTYPES,
    EVENT_TYPE,
    ITEM_ID,
    POSITION,
    PRICE,
    QUANTITY,
    REQUIRED_EVENT_COLUMNS,
    TIMESTAMP,
    USER_ID,
    EventType,
)
from shortlist.errors import DataError, DataRefused

_RATING = ("rating", "ratings")

FIRST_LIKELY_TIME: Final = pd.Timestamp("1971-01-01", tz="UTC")
"""No shop's log is older, and a number in a larger unit than it was read in falls before it."""

LAST_LIKELY_TIME: Final = pd.Timestamp("2200-01-01", tz="UTC")
"""A number in a smaller unit than it was read in falls behind it."""

MOST_ROWS: Final = 0.9


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are to be read.

    Attributes
    ----------
    format_name : str
        One of `data.formats.FORMAT_NAMES`.
    columns : mapping of str to str
        The file's column for a canonical one; goes before every alias.
    timestamp_unit : str, optional
        ``s``, ``ms``, ``us``, ``ns`` or ``D``, for times given as numbers.
    timezone : str
        The zone of times without an offset.
    event_type : str, optional
        The type of every row, for files without a column of types.
    decimal : str, optional
        ``point`` or ``comma``, for prices and quantities that do not show it.
    null_words : tuple of str
        What names nobody where an id should stand.
    is_whole_catalog : bool
        Whether the items given are the whole catalogue, and not what changed in it.
    date_order : str, optional
        ``day`` or ``month``: which stands first in dates such as ``03/04/2024``, where they do not show it.
    """

    format_name: str = AUTO
    columns: Mapping[str, str] = field(default_factory=dict)
    timestamp_unit: str | None = None
    timezone: str = "UTC"
    event_type: str | None = None
    decimal: Decimal | None = None
    null_words: tuple[str, ...] = NULL_WORDS
    is_whole_catalog: bool = False
    date_order: DateOrder | None = None

    def times(self, unit: str | None) -> TimeReading:
        """How to read times, those given as numbers in a unit."""
        return TimeReading(unit, self.timezone, self.date_order)


@dataclass(frozen=True, slots=True)
class EventTable:
    """Events of one file in canonical columns, each row where its raw row stands, with what to be warned of.

    NaT in a time stands for what could not be read, an event type outside the canonical ones for a name that was not
    understood. A price, quantity or position that cannot be read is unknown: no purchase is lost for it.
    """

    raw: RawTable
    events: pd.DataFrame
    columns: ColumnMap
    format: Format
    warnings: tuple[str, ...] = ()


def canonical_events(raw: RawTable, reading: Reading) -> EventTable:
    """Find the columns of a file and turn them into canonical ones.

    Raises
    ------
    DataError
        When a required column is missing, or times are numbers whose unit nobody named.
    """
    known = recognise(raw.rows) if reading.format_name == AUTO else FORMATS[reading.format_name]
    columns = list(raw.rows.columns)
    rating = tuple(name for name in columns if known.is_price_of_all and squash(name) in _RATING)
    found = map_columns(columns, reading.columns, known.columns, EVENT_ALIASES, taken=rating)
    _require_columns(found, reading, raw)
    warnings: list[str] = []
    numbers = {column: _numbers(column, found, raw, reading) for column in (PRICE, QUANTITY, POSITION)}
    texts = [column for column, dtype in EVENT_DTYPES.items() if dtype == "str" and column not in (USER_ID, ITEM_ID)]
    events = pd.DataFrame({column: _text(column, found, raw.rows) for column in texts}, index=raw.rows.index)
    for column in (USER_ID, ITEM_ID):
        events[column] = _ids(column, found, raw, reading, warnings)
    for column, read in numbers.items():
        events[column] = read.values
    events[TIMESTAMP] = _times(found, raw, reading, known, warnings)
    events[EVENT_TYPE] = _event_types(found, raw.rows, rating)
    lines = fill_order_lines(events, _is_without_time(found, raw.rows))
    events = lines.events
    if reading.event_type is not None:
        events[EVENT_TYPE] = events[EVENT_TYPE].fillna(EVENT_NAMES[squash(reading.event_type)])
    warnings += lines.warnings(raw.name)
    warnings += [read.warning(raw.name, column) for column, read in numbers.items() if read.n_unreadable]
    return EventTable(raw, _corrected(events, known)[list(EVENT_DTYPES)], found, known, tuple(warnings))


def _require_columns(found: ColumnMap, reading: Reading, raw: RawTable) -> None:
    columns = list(raw.rows.columns)
    if not columns:
        return  # a file of JSON lines without a readable one
    required = [column for column in REQUIRED_EVENT_COLUMNS if column != EVENT_TYPE or reading.event_type is None]
    missing = [column for column in required if column not in found.sources]
    if missing == [EVENT_TYPE]:
        raise DataError(
            f"{raw.name}: no column for event_type. Columns found: {', '.join(map(str, columns))}. If every row is of "
            "one type, say which: --event-type purchase; if a column holds the type, name it: --map event_type=COLUMN"
        )
    require(found, required, columns, raw.name)


def _text(canonical: str, found: ColumnMap, rows: pd.DataFrame) -> pd.Series:
    values = found.values(rows, canonical)
    return pd.Series(np.nan, rows.index, dtype="str") if values is None else to_text(values)


def _ids(canonical: str, found: ColumnMap, raw: RawTable, reading: Reading, warnings: list[str]) -> pd.Series:
    values = found.values(raw.rows, canonical)
    if values is None:
        return pd.Series(np.nan, raw.rows.index, dtype="str")
    spelling = read_ids(values)
    named = named_ids(spelling.ids, reading.null_words, may_be_zero=True)
    warnings += [*spelling.warnings(raw.name, canonical), *named.warnings(raw.name, canonical)]
    return named.ids


def _numbers(canonical: str, found: ColumnMap, raw: RawTable, reading: Reading) -> NumberColumn:
    values = found.values(raw.rows, canonical)
    if values is None:
        return NumberColumn(pd.Series(np.nan, raw.rows.index), 0, "", is_ambiguous=False)
    return (read_prices if canonical == PRICE else read_numbers)(values, reading.decimal)


def _times(found: ColumnMap, raw: RawTable, reading: Reading, known: Format, warnings: list[str]) -> pd.Series:
    values = found.values(raw.rows, TIMESTAMP)
    if values is None:
        return pd.Series(pd.NaT, raw.rows.index, dtype=TIMESTAMP_DTYPE)
    unit = reading.timestamp_unit or known.timestamp_unit
    if unit is None and is_numeric_time(values):
        name, example = found.sources[TIMESTAMP][0], to_text(values).dropna().iloc[0]
        raise DataError(
            f"{raw.name}: column {name} holds numbers such as {example}, and nothing says in which unit. "
            "Name it: --timestamp-unit s (ms, us, ns, or D for days since 1970). "
            "Dates such as 20240531 must be written 2024-05-31."
        )
    times = to_times(values, reading.times(unit))
    return times if unit is None or not is_numeric_time(values) else _of_one_unit(times, values, raw, unit, warnings)


def _of_one_unit(times: pd.Series, values: pd.Series, raw: RawTable, unit: str, warnings: list[str]) -> pd.Series:
    """Times given as numbers: those of 1970, where a number in a larger unit falls, and those of far ages are none.

    Raises
    ------
    DataRefused
        When nearly all of them lie there.
    """
    is_given = to_numbers(values).pipe(np.isfinite)
    is_wrong = is_given & ((times < FIRST_LIKELY_TIME) | (times > LAST_LIKELY_TIME) | times.isna())
    if not is_wrong.any():
        return times
    example = to_text(values[is_wrong]).iloc[0]
    if is_wrong.sum() > MOST_ROWS * is_given.sum():
        units = [one for one in UNIT_MICROSECONDS if _is_likely(values[is_wrong], one)]
        remedy = f"--timestamp-unit {units[0]} gives {_year(values[is_wrong], units[0])}. " if units else ""
        raise DataRefused(
            f"{raw.name}: read in the unit {unit}, all times lie {_where(times[is_wrong].iloc[0])} for {example}. "
            f"{remedy}Nothing was imported."
        )
    warnings.append(
        f"{raw.name}: {int(is_wrong.sum()):,} rows have a time {_where(times[is_wrong].iloc[0])} in the unit {unit}, "
        f"such as {example}: two units in one column? They are set aside."
    )
    return times.mask(is_wrong)


def _where(time: pd.Timestamp) -> str:
    """In which age a time lies that cannot be."""
    if pd.isna(time) or time > LAST_LIKELY_TIME:
        return f"after {LAST_LIKELY_TIME:%Y}"
    return f"before {FIRST_LIKELY_TIME:%Y}, such as {time.isoformat()}"


def _is_likely(values: pd.Series, unit: str) -> bool:
    """Whether numbers are times of the last decades in a unit."""
    return 1990 <= _year(values, unit) <= 2100


def _year(values: pd.Series, unit: str) -> int:
    times = to_times(values.iloc[:1_000], TimeReading(unit)).dropna()
    return int(times.dt.year.median()) if len(times) else 0


def _is_without_time(found: ColumnMap, rows: pd.DataFrame) -> pd.Series:
    """Rows whose time is blank, not merely unreadable."""
    values = found.values(rows, TIMESTAMP)
    if values is None:
        return pd.Series(True, rows.index)
    is_moment = pd.api.types.is_datetime64_any_dtype(values.dtype)  # as text each costs ten times as much
    return values.isna() if is_moment else to_text(values).isna()


def _event_types(found: ColumnMap, rows: pd.DataFrame, rating: tuple[str, ...]) -> pd.Series:
    """Canonical types. A rating of Recombee, from -1 to 1, is a dislike below zero and a wish above."""
    values = found.values(rows, EVENT_TYPE)
    names: pd.Series = pd.Series(np.nan, rows.index, dtype="str") if values is None else to_text(values)
    kinds = canonical_event_types(names)
    if not rating:
        return kinds
    marks = to_numbers(rows[rating[0]])
    is_rating = names.str.lower().isin(_RATING)
    kinds = kinds.mask(is_rating & (marks < 0), str(EventType.DISLIKE))
    return kinds.mask(is_rating & (marks > 0) & np.isfinite(marks), str(EventType.WISHLIST))


def _corrected(events: pd.DataFrame, known: Format) -> pd.DataFrame:
    """Cancelled amounts without their sign; the price of one where the format gives that of all."""
    is_cancel = events[EVENT_TYPE] == str(EventType.CANCEL)
    events[QUANTITY] = events[QUANTITY].mask(is_cancel, events[QUANTITY].abs())
    if known.is_price_of_all:
        many = events[QUANTITY] > 1
        events[PRICE] = events[PRICE].mask(many & np.isfinite(events[PRICE]), events[PRICE] / events[QUANTITY])
    return events
