"""Text, numbers and times as they come in files, turned into canonical columns.

A value that is there and cannot be read becomes infinity (numbers) or NaT (times), so that the contract can tell it
from a missing one. Nothing here guesses: the unit of a number that stands for a time must be named.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.dates import DateOrder, read_dates

TIMESTAMP_DTYPE: Final = "datetime64[us, UTC]"
UNIT_MICROSECONDS: Final = {"D": 86_400e6, "s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
_MAX_MICROSECONDS: Final = 2.5e17  # the year 9891
_NUMBER: Final = r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
_OFFSET: Final = r"(?:[Zz]|[T ]\d\d.*[+-]\d\d(?::?\d\d)?)$"


@dataclass(frozen=True, slots=True)
class TimeReading:
    """How to read times.

    Attributes
    ----------
    unit : str, optional
        Of a bare number.
    timezone : str
        Of a time without an offset.
    date_order : str, optional
        Which stands first in dates such as ``03/04/2024``.
    """

    unit: str | None = None
    timezone: str = "UTC"
    date_order: DateOrder | None = None


def to_text(values: pd.Series) -> pd.Series:
    """Trimmed text, str; blank becomes missing, and a whole number has no decimal point (``123``, not ``123.0``)."""
    if pd.api.types.is_string_dtype(values.dtype) and values.dtype != "object":
        text = values.astype("str")
    elif _holds_whole_numbers(values):
        text = values.astype("Int64").astype("str")
    else:
        text = _by_distinct(values, _one_text).astype("str")
    text = text.str.strip()
    return text.mask(text == "")


def to_numbers(values: pd.Series) -> pd.Series:
    """Numbers, float64: NaN where missing or blank, infinity where something else than a number stands."""
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("float64")
    return _by_distinct(to_text(values), _one_number).astype("float64")


def is_numeric_time(values: pd.Series) -> bool:
    """Whether times are given as numbers, also as numbers written as text, in most of the rows that have one."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return bool(values.notna().any())
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return False
    text = to_text(values).dropna()
    return bool(len(text)) and float(text.str.fullmatch(_NUMBER).mean()) > 0.5


def to_times(values: pd.Series, reading: TimeReading) -> pd.Series:
    """Times, UTC to the microsecond; NaT where missing or unreadable.

    A naive time is in the zone of `reading`: the hour that comes twice in autumn is taken as the first of the two, the
    hour that spring leaves out as the moment after it.
    """
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _localise(values, reading.timezone)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return _from_numbers(values.astype("float64"), reading.unit)
    text = to_text(values)
    times = _from_text(text, reading)
    numeric = text.str.fullmatch(_NUMBER).fillna(value=False).astype(bool)
    if numeric.any():
        times = times.where(~numeric, _from_numbers(to_numbers(text.where(numeric)), reading.unit))
    return times


def to_availability(values: pd.Series) -> pd.Series:
    """Availability, object: ``in``, ``out``, ``gone``, or None where missing or not understood."""
    return _by_distinct(to_text(values), _one_availability)


def _by_distinct(values: pd.Series, convert: Callable[[Any], Any]) -> pd.Series:
    """Convert each distinct value once; missing stays missing."""
    if values.dtype == "object":
        return pd.Series(
            [None if _is_missing(value) else convert(value) for value in values], values.index, dtype="object"
        )
    codes, distinct = pd.factorize(values)
    converted = np.array([*(convert(value) for value in distinct), None], dtype="object")
    return pd.Series(converted[codes], values.index, dtype="object")


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _holds_whole_numbers(values: pd.Series) -> bool:
    return pd.api.types.is_integer_dtype(values.dtype)


def _one_text(value: object) -> str:
    if isinstance(value, (float, Decimal)) and value == value // 1:
        return str(int(value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _one_number(text: str) -> float:
    try:
        number = float(text) if "_" not in text else np.inf
    except ValueError:
        return float(np.inf)
    return number if np.isfinite(number) else float(np.inf)


def _one_availability(text: str) -> str | None:
    word = "".join(letter for letter in text.lower() if letter.isalnum())
    if word in {"true", "yes", "y", "t", "instock", "available", "preorder", "backorder", "limitedavailability"}:
        return "in"
    if word in {"false", "no", "n", "f", "outofstock", "unavailable", "soldout", "notavailable"}:
        return "out"
    if word in {"discontinued", "retired", "archived", "delisted", "endoflife", "eol", "nolongeravailable"}:
        return "gone"
    number = _one_number(text)
    return None if math.isinf(number) else "in" if number > 0 else "out"


def _from_numbers(numbers: pd.Series, unit: str | None) -> pd.Series:
    """Times since 1970 in a unit; all NaT when no unit is named."""
    factor = np.nan if unit is None else UNIT_MICROSECONDS[unit]
    microseconds = np.round(numbers.to_numpy(dtype="float64") * factor)
    good = np.abs(microseconds) < _MAX_MICROSECONDS
    return _as_times(np.where(good, microseconds, 0.0).astype(np.int64), good, numbers.index)


def _as_times(microseconds: npt.NDArray[np.int64], good: npt.NDArray[np.bool_], index: "pd.Index[Any]") -> pd.Series:
    moments = microseconds.astype("datetime64[us]")
    moments[~good] = np.datetime64("NaT", "us")
    return pd.Series(moments, index).dt.tz_localize("UTC")


def _from_text(text: pd.Series, reading: TimeReading) -> pd.Series:
    """ISO 8601 text, a trailing `` UTC`` understood as ``Z``, or dates as people write them."""
    text = text.str.replace(r"\s*UTC$", "Z", regex=True)
    aware = text.str.contains(_OFFSET, regex=True).fillna(value=False).astype(bool)
    times = pd.to_datetime(text.where(aware), format="ISO8601", utc=True, errors="coerce").astype(TIMESTAMP_DTYPE)
    if aware.all():
        return times
    naive = pd.to_datetime(text.mask(aware), format="ISO8601", errors="coerce").astype("datetime64[us]")
    is_left = naive.isna() & text.notna() & ~aware
    if is_left.any():
        naive = naive.fillna(read_dates(text.where(is_left), reading.date_order))
    return times.where(aware, _localise(naive, reading.timezone))


def _localise(times: pd.Series, timezone: str) -> pd.Series:
    if times.dt.tz is None:
        first = np.ones(len(times), dtype=bool)
        times = times.astype("datetime64[us]")
        times = times.dt.tz_localize(timezone, ambiguous=first, nonexistent="shift_forward")
    moments: pd.Series = times.dt.tz_convert("UTC").astype(TIMESTAMP_DTYPE)
    return moments
