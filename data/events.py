"""Raw rows of events turned into the canonical columns, still unchecked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data.event_names import canonical_event_types, squash
from data.formats import AUTO, EVENT_ALIASES, FORMATS, Format, recognise
from data.mapping import ColumnMap, map_columns, require
from data.parsing import TIMESTAMP_DTYPE, TimeReading, is_numeric_time, to_numbers, to_text, to_times
from data.sources import RawTable
from shortlist.columns import (
    EVENT_DTYPES,
    EVENT_TYPE,
    PRICE,
    QUANTITY,
    REQUIRED_EVENT_COLUMNS,
    TIMESTAMP,
    EventType,
)
from shortlist.errors import DataError

_RATING = ("rating", "ratings")


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
    """

    format_name: str = AUTO
    columns: Mapping[str, str] = field(default_factory=dict)
    timestamp_unit: str | None = None
    timezone: str = "UTC"
    event_type: str | None = None


@dataclass(frozen=True, slots=True)
class EventTable:
    """Events of one file in canonical columns, each row where its raw row stands.

    ``inf`` in a number and NaT in a time stand for what could not be read, an event type outside the canonical ones for
    a name that was not understood.
    """

    raw: RawTable
    events: pd.DataFrame
    columns: ColumnMap
    format: Format


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
    events = pd.DataFrame(
        {column: _column(column, found, raw.rows) for column in EVENT_DTYPES if column != TIMESTAMP},
        index=raw.rows.index,
    )
    events[TIMESTAMP] = _times(found, raw, reading, known)
    events[EVENT_TYPE] = _event_types(found, raw.rows, reading, rating, known)
    return EventTable(raw, _corrected(events, known)[list(EVENT_DTYPES)], found, known)


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


def _column(canonical: str, found: ColumnMap, rows: pd.DataFrame) -> pd.Series:
    values = found.values(rows, canonical)
    if EVENT_DTYPES[canonical] == "float64":
        return pd.Series(np.nan, rows.index) if values is None else to_numbers(values)
    return pd.Series(np.nan, rows.index, dtype="str") if values is None else to_text(values)


def _times(found: ColumnMap, raw: RawTable, reading: Reading, known: Format) -> pd.Series:
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
    return to_times(values, TimeReading(unit, reading.timezone))


def _event_types(
    found: ColumnMap, rows: pd.DataFrame, reading: Reading, rating: tuple[str, ...], known: Format
) -> pd.Series:
    """Canonical types. A rating of Recombee, from -1 to 1, is a dislike below zero and a wish above."""
    values = found.values(rows, EVENT_TYPE)
    names: pd.Series = pd.Series(np.nan, rows.index, dtype="str") if values is None else to_text(values)
    if reading.event_type is not None:
        names = names.fillna(reading.event_type)
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
