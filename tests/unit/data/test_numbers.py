"""Numbers as people and spreadsheets write them."""

import numpy as np
import pandas as pd
import pytest

from data.numbers import read_numbers, read_prices


def read(*texts: str, **options: str) -> list[float]:
    """The numbers of a column of text."""
    return read_numbers(pd.Series(texts, dtype="str"), **options).values.tolist()


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["44.50", "1,245.00", "1,245"], [44.5, 1245, 1245]),
        (["12,50", "1.245,00", "1.245"], [12.5, 1245, 1245]),
        (["$12.50", "EUR 3", "4 €", "Rs.500", "US$ 3", "CHF 1'245"], [12.5, 3, 4, 500, 3, 1245]),
        (["'-2", "−2", "-$4.5", "$-4.5", "+3"], [-2, -2, -4.5, -4.5, 3]),
        (["3 pcs", "1 pc.", "2x", "50 %"], [3, 1, 2, 50]),
        (["1 234,5", "1\u202f234,5", "1\u00a0234 567,5"], [1234.5, 1234.5, 1234567.5]),
        (["1.234.567", "2"], [1234567, 2]),
        (["0,125", "3"], [0.125, 3]),
        ([".5", "5.", "1e-3", "2E5"], [0.5, 5, 0.001, 200000]),
        (["1.245", "2"], [1.245, 2]),
    ],
)
def test_a_column_shows_how_it_is_written(texts: list[str], wanted: list[float]) -> None:
    """Values that leave no doubt decide which sign is the decimal one; currencies, units and blanks are left away."""
    found = read_numbers(pd.Series(texts, dtype="str"))
    assert found.values.tolist() == pytest.approx(wanted)
    assert (found.n_unreadable, found.warning("t", "price")) == (0, "")


@pytest.mark.parametrize("text", ["soon", "12/05", "1_000", "nan", "inf", "-", "3 of 5", "EUR 5 pcs", "1,2,3", "1e999"])
def test_what_is_no_number_is_unknown(text: str) -> None:
    """Something else than a number is missing, counted, and shown in the warning."""
    found = read_numbers(pd.Series(["1.5", text, None, ""], dtype="str"))
    assert found.values[0] == 1.5
    assert found.values[1:].isna().all()
    assert (found.n_unreadable, found.example) == (1, text)
    assert f"1 rows have a price that cannot be read, such as {text}" in found.warning("t", "price")


def test_thousands_or_decimals_nobody_can_tell() -> None:
    """Where no value shows the sign it must be named; where two signs are shown the rarer one is not read."""
    alone = read_numbers(pd.Series(["1,245", "2,300"], dtype="str"))
    assert (alone.n_unreadable, alone.is_ambiguous) == (2, True)
    assert "--decimal" in alone.warning("t", "price")
    assert read("1,245", decimal="comma") == [1.245]
    assert read("1,245", decimal="point") == [1245]
    mixed = read_numbers(pd.Series(["12,50", "12.50", "3.10"], dtype="str"))
    assert np.isnan(mixed.values[0])
    assert mixed.is_ambiguous


def test_numbers_of_a_program_are_exact() -> None:
    """A float written by repr comes back to the last bit, and numeric columns stay as they are."""
    values = [0.1 + 0.2, 1 / 3, 2.675, 1e-17, 1.7e308, -5e-324]
    assert read(*[repr(value) for value in values]) == values
    assert read_numbers(pd.Series(values)).values.tolist() == values


def test_a_price_has_bounds() -> None:
    """What is below zero or absurd is no price, counted as what cannot be read."""
    found = read_prices(pd.Series([-0.01, 1e39, 1e12, 0.0, np.inf]))
    assert found.values.dropna().tolist() == [1e12, 0.0]
    assert found.n_unreadable == 3
