"""Ids that were spelt another way on their way here."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from data.spelling import read_ids


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["73.0", "7.0", None], ["73", "7"]),
        (["73.0", "8"], ["73", "8"]),
        (["1.0e5", "73"], ["100000", "73"]),
        (["1.0E+05", "73.0"], ["100000", "73"]),
        (["1.0", "2.1"], ["1.0", "2.1"]),
        (["1e5", "abc"], ["1e5", "abc"]),
        (["1.0e5", "abc"], ["1.0e5", "abc"]),
        (["00123", "7.00", "NA"], ["00123", "7", "NA"]),
        (["v1.0", "2024.10.01"], ["v1.0", "2024.10.01"]),
    ],
)
def test_whole_numbers_are_whole(written: list[str | None], read: list[str]) -> None:
    """``73.0`` is 73 where no id of the column has other decimals; versions, codes and leading zeros stay."""
    spelling = read_ids(pd.Series(written, dtype="str"))
    assert spelling.ids.dropna().tolist() == read
    changed = sum(one != other for one, other in zip([one for one in written if one], read, strict=True))
    assert spelling.respelt == changed
    assert bool(spelling.warnings("t", "user_id")) is bool(changed)


def test_values_of_other_types_are_ids() -> None:
    """Bytes, decimals and floats of a Parquet or JSON file are the ids they stand for."""
    values: list[Any] = [b"abc", Decimal("73.00"), 8.0, 9, "x", None]
    assert read_ids(pd.Series(values, dtype="object")).ids.dropna().tolist() == ["abc", "73", "8", "9", "x"]


def test_lost_digits_are_pointed_out() -> None:
    """A long number that a spreadsheet shortened stays as it is, with a warning that says what was lost."""
    spelling = read_ids(pd.Series(["1.23457E+12", "73"], dtype="str"))
    assert spelling.ids.tolist() == ["1.23457E+12", "73"]
    assert spelling.warnings("t", "user_id") == [
        "t: 1 rows have a user_id such as 1.23457E+12, of which digits are lost. Export the column as text."
    ]
