"""Dates as people write them."""

import pandas as pd
import pytest

from data.dates import read_dates


def read(*text: str | None, order=None) -> list[str | None]:
    found = read_dates(pd.Series(list(text), dtype="str"), order)
    return [None if pd.isna(one) else one.isoformat() for one in found]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("31.05.2024", "2024-05-31T00:00:00"),
        ("1.5.2024 8:05", "2024-05-01T08:05:00"),
        ("31/05/2024 18:20:07", "2024-05-31T18:20:07"),
        ("5/31/2024 6:20 PM", "2024-05-31T18:20:00"),
        ("5/31/2024 12:20 a.m.", "2024-05-31T00:20:00"),
        ("05-31-2024, 12:00", "2024-05-31T12:00:00"),
        ("31.02.2024", None),
        ("31/31/2024", None),
        ("13/13/2024", None),
        ("soon", None),
        ("1/2/24", None),
        (None, None),
    ],
)
def test_one_date(text: str | None, moment: str | None) -> None:
    assert read(text) == [moment]


def test_a_column_shows_which_is_the_day() -> None:
    """One value that leaves no doubt settles the others."""
    assert read("03/04/2024", "13/04/2024") == ["2024-04-03T00:00:00", "2024-04-13T00:00:00"]
    assert read("03/04/2024", "04/13/2024") == ["2024-03-04T00:00:00", "2024-04-13T00:00:00"]


def test_nothing_is_guessed() -> None:
    """Where no value tells, nothing is read, unless somebody says."""
    assert read("03/04/2024", "05/06/2024") == [None, None]
    assert read("03/04/2024", order="day") == ["2024-04-03T00:00:00"]
    assert read("03/04/2024", order="month") == ["2024-03-04T00:00:00"]
