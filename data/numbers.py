"""Prices and quantities as people and spreadsheets write them: ``$1,245.00``, ``12,50 EUR``, ``'-2``, ``3 pcs``.

Which sign is the decimal one is decided for a whole column, by those of its values that leave no doubt. ``1,245`` alone
does: it is read where others show the sign, or where an option names it, and else not at all.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from data.parsing import to_text

Decimal = Literal["point", "comma"]
SIGNS: Final[dict[Decimal, str]] = {"point": ".", "comma": ","}

MAX_PRICE: Final = 1e12
"""No unit costs more, in any currency; what is beyond is a slip, and would spoil every mean."""

_AROUND: Final = re.compile(
    r"^'?(?P<sign>[+-]?)\s*(?P<currency>(?:[^\W\d_]{1,4}\.?)?[^\w\s.,'+-]?)\s*(?P<sign_behind>[+-]?)"
    r"(?P<body>\d[\d.,]*|[.,]\d+)(?P<power>[eE][+-]?\d+)?\s*(?P<unit>(?:[^\W\d_]{1,8}\.?)?[^\w\s.,'+-]?)$"
)
"""A sign, a currency or a unit of a few letters or one symbol, and digits with points and commas."""

_SPACES_WITHIN: Final = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")
"""Blanks and apostrophes between thousands."""

_MINUS: Final = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of numbers.

    Attributes
    ----------
    values : Series of float64
        NaN where blank, and where something stands that cannot be read.
    n_unreadable : int
        Rows of the latter.
    example : str
        The first of them; empty when there is none.
    is_ambiguous : bool
        Whether naming the decimal sign would read some of them.
    """

    values: pd.Series
    n_unreadable: int
    example: str
    is_ambiguous: bool

    def warning(self, table: str, what: str) -> str:
        """What to tell the owner of the data; empty where all could be read."""
        if not self.n_unreadable:
            return ""
        remedy = " Say which sign is the decimal one: --decimal point or --decimal comma." if self.is_ambiguous else ""
        return (
            f"{table}: {self.n_unreadable:,} rows have a {what} that cannot be read, such as {self.example}; "
            f"it is taken as unknown.{remedy}"
        )


@dataclass(frozen=True, slots=True)
class _Written:
    """The parts of a number as it is written: a sign, digits with points and commas, and a power of ten."""

    sign: str
    body: str
    power: str

    def evidence(self) -> Decimal | None:
        """The decimal sign that this number shows, None where either would do."""
        last = max(self.body.rfind("."), self.body.rfind(","))
        if last < 0:
            return None
        sign, before, behind = self.body[last], self.body[:last], self.body[last + 1 :]
        is_both = "." in before + behind and "," in self.body if sign == "," else "," in before
        if is_both:
            return _named(sign)
        if sign in before:
            return _named("," if sign == "." else ".")
        is_thousands = len(behind) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")
        return None if is_thousands else _named(sign)

    def value(self, decimal: Decimal) -> float | None:
        """The number by a decimal sign; None where thousands would not stand in threes."""
        point = SIGNS[decimal]
        thousands = "," if point == "." else "."
        whole, _, part = self.body.partition(point)
        if point in part or thousands in part:
            return None
        groups = whole.split(thousands)
        if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
            return None
        return float(f"{self.sign}{''.join(groups) or '0'}.{part or '0'}{self.power}")


def read_numbers(values: pd.Series, decimal: Decimal | None = None) -> NumberColumn:
    """Read a column.

    Parameters
    ----------
    values : Series
    decimal : str, optional
        The decimal sign, where it is known; else that of most values that show one, and a point where none does.
    """
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return _column(values.astype("float64"), values, is_ambiguous=False)
    text = to_text(values)
    codes, distinct = pd.factorize(text)
    written = [_written(one) for one in distinct]
    shown = [None if one is None else one.evidence() for one in written]
    is_shown, most = _most(shown, np.bincount(codes[codes >= 0], minlength=len(distinct)))
    sign = decimal or most
    read = [
        np.nan if one is None or _is_open(one, evidence, is_told=is_shown or decimal is not None) else one.value(sign)
        for one, evidence in zip(written, shown, strict=True)
    ]
    numbers = pd.Series(np.array([*read, np.nan], dtype=np.float64)[codes], values.index)
    other: Decimal = "comma" if sign == "point" else "point"
    is_ambiguous = any(
        np.isnan(float(np.nan if number is None else number)) and one is not None and one.value(other) is not None
        for one, number in zip(written, read, strict=True)
    )
    return _column(numbers, text, is_ambiguous)


def read_prices(values: pd.Series, decimal: Decimal | None = None) -> NumberColumn:
    """Read a column of prices: what is below zero or above `MAX_PRICE` is no price."""
    found = read_numbers(values, decimal)
    prices = found.values.mask((found.values < 0) | (found.values > MAX_PRICE))
    return _column(prices, to_text(values), found.is_ambiguous)


def _column(numbers: pd.Series, given: pd.Series, is_ambiguous: bool) -> NumberColumn:
    numbers = numbers.mask(np.isinf(numbers))
    unreadable = given[numbers.isna() & given.notna()]
    example = str(unreadable.iloc[0]) if len(unreadable) else ""
    return NumberColumn(numbers, len(unreadable), example, is_ambiguous)


def _written(text: str) -> _Written | None:
    """The parts of a number, None where something else stands."""
    plain = _SPACES_WITHIN.sub("", text.translate(_MINUS).strip())
    found = _AROUND.match(plain)
    if found is None or (found["currency"] and found["unit"]):
        return None
    sign = "-" if "-" in (found["sign"], found["sign_behind"]) else ""
    return _Written(sign, found["body"], found["power"] or "")


def _most(shown: list[Decimal | None], counts: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[bool, Decimal]:
    """Whether any value shows the decimal sign, and the one that most rows show, a point among equals."""
    comma = sum(int(count) for one, count in zip(shown, counts, strict=True) if one == "comma")
    point = sum(int(count) for one, count in zip(shown, counts, strict=True) if one == "point")
    return comma + point > 0, "comma" if comma > point else "point"


def _is_open(number: _Written, evidence: Decimal | None, *, is_told: bool) -> bool:
    """Whether a number such as ``1,245`` may be read either way, and nothing tells which."""
    return evidence is None and "," in number.body and not is_told


def _named(sign: str) -> Decimal:
    return "point" if sign == "." else "comma"
