"""Dates as people write them: ``31.05.2024 18:20``, ``5/31/2024 6:20 PM``.

Which of the first two numbers is the day is decided for a whole column, by those of its values that leave no doubt: a
number above twelve, or points between, which nobody puts behind a month. Where nothing tells, nothing is read.
"""

from typing import Final, Literal

import numpy as np
import pandas as pd

DateOrder = Literal["day", "month"]
DATE_ORDERS: Final[tuple[DateOrder, ...]] = ("day", "month")

_DATE: Final = (
    r"^(?P<first>\d{1,2})(?P<sign>[./-])(?P<second>\d{1,2})[./-](?P<year>\d{4})"
    r"(?:[ T,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<seconds>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?$"
)


def read_dates(text: pd.Series, order: DateOrder | None = None) -> pd.Series:
    """Read dates without an offset.

    Parameters
    ----------
    text : Series of str
    order : str, optional
        ``day`` or ``month``: which stands first, where it is known; else what the values show.

    Returns
    -------
    Series of datetime64[us], shape (n,)
        NaT where there is no such date, and everywhere when nothing tells the day from the month.
    """
    parts = text.str.extract(_DATE)
    shown = order or _shown(parts)
    if shown is None:
        return pd.Series(pd.NaT, text.index, dtype="datetime64[us]")
    day, month = ("first", "second") if shown == "day" else ("second", "first")
    hour = _number(parts["hour"]).fillna(0)
    half = parts["half"].str.lower().str[0]
    hour = hour.where(half.isna(), hour % 12 + 12.0 * (half == "p"))
    given = {"year": parts["year"], "month": parts[month], "day": parts[day], "minute": parts["minute"]}
    fields = {name: _number(values) for name, values in given.items()}
    fields |= {"hour": hour, "minute": fields["minute"].fillna(0), "second": _number(parts["seconds"]).fillna(0)}
    dates: pd.Series = pd.to_datetime(pd.DataFrame(fields), errors="coerce").astype("datetime64[us]")
    return dates


def _shown(parts: pd.DataFrame) -> DateOrder | None:
    """What stands first by most values that tell; None where none does."""
    first, second = _number(parts["first"]), _number(parts["second"])
    is_day = (first > 12) | (parts["sign"] == ".")
    is_month = (second > 12) & ~is_day
    n_day, n_month = int(is_day.sum()), int(is_month.sum())
    if not n_day and not n_month:
        return None
    return "day" if n_day >= n_month else "month"


def _number(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values, errors="coerce").astype(np.float64)
