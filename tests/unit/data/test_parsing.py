import pandas as pd
import pytest

from data.parsing import TimeReading, is_numeric_time, to_availability, to_numbers, to_text, to_times


def test_ids_stay_text():
    """What a file writes as text is the id, whatever it looks like; only blank is missing."""
    text = to_text(pd.Series(["00123", "NA", "null", "1e5", " x ", "", None], dtype="str"))
    assert text.dropna().tolist() == ["00123", "NA", "null", "1e5", "x"]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "object", "category"])
def test_whole_numbers_have_no_decimal_point(dtype):
    """An integer id is 123 and never 123.0, also in a column that missing values made float."""
    values = pd.Series([123, 7], dtype=dtype)
    assert to_text(values).tolist() == ["123", "7"]


def test_large_integers_keep_every_digit():
    """An integer id beyond 2**53 with missing ones beside it is exact."""
    assert to_text(pd.Series([2**60 + 1, None], dtype="Int64"))[0] == str(2**60 + 1)


def test_unreadable_numbers_are_infinite():
    """A number that cannot be read is told apart from a missing one."""
    numbers = to_numbers(pd.Series(["1.5", "", "abc", "1_000", "nan", "inf"], dtype="str"))
    assert numbers[0] == 1.5
    assert pd.isna(numbers[1])
    assert (numbers[2:] == float("inf")).all()


def test_numbers_in_text_are_exact():
    """A float written by repr comes back to the last bit."""
    values = [0.1 + 0.2, 1 / 3, 2.675, 1e-17]
    assert to_numbers(pd.Series([repr(value) for value in values])).tolist() == values


@pytest.mark.parametrize(
    ("unit", "number"),
    [("s", 1704103200), ("ms", 1704103200_000), ("us", 1704103200_000_000), ("ns", 1704103200 * 10**9)],
)
def test_units_name_the_same_moment(unit, number):
    """A number in each unit, as number or text, is the moment that it stands for."""
    reading = TimeReading(unit)
    for values in (pd.Series([number]), pd.Series([str(number)], dtype="str")):
        assert to_times(values, reading)[0] == pd.Timestamp("2024-01-01T10:00:00Z")


def test_days_are_a_unit():
    """D counts days since 1970."""
    assert to_times(pd.Series([19723]), TimeReading("D"))[0] == pd.Timestamp("2024-01-01", tz="UTC")


def test_numbers_without_a_unit_are_no_times():
    """Without a unit a number is never guessed at."""
    assert is_numeric_time(pd.Series(["1704103200", ""], dtype="str"))
    assert to_times(pd.Series(["1704103200"], dtype="str"), TimeReading()).isna().all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-07-01", "2024-06-30T23:00:00Z"),
        ("2024-07-01 10:00:00", "2024-07-01T09:00:00Z"),
        ("2024-01-01T10:00:00.123456", "2024-01-01T10:00:00.123456Z"),
        ("2024-07-01T10:00:00Z", "2024-07-01T10:00:00Z"),
        ("2024-07-01 10:00:00 UTC", "2024-07-01T10:00:00Z"),
        ("2024-07-01T10:00:00+02:00", "2024-07-01T08:00:00Z"),
        ("2024-10-27 01:30:00", "2024-10-27T00:30:00Z"),
        ("2024-03-31 01:30:00", "2024-03-31T01:00:00Z"),
    ],
)
def test_naive_times_are_in_the_zone_named(text, expected):
    """A naive time is local, one with an offset is not; the doubled hour is the first, the skipped one moves on."""
    times = to_times(pd.Series([text], dtype="str"), TimeReading(timezone="Europe/London"))
    assert times[0] == pd.Timestamp(expected)


@pytest.mark.parametrize("text", ["yesterday", "03/05/2024", "2024-13-01", "2024-02-30T10:00:00Z"])
def test_other_texts_are_no_times(text):
    """What is no ISO 8601 time is NaT, not a guess."""
    assert to_times(pd.Series([text, "2024-01-01"], dtype="str"), TimeReading()).isna().tolist() == [True, False]


def test_availability_words():
    """In stock, out of stock and discontinued as shops write them, numbers too; an unknown word is not understood."""
    words = ["in stock", "IN_STOCK", "1", "true", "12", "out_of_stock", "OUT_OF_STOCK", "0", "False", "-3"]
    assert to_availability(pd.Series(words, dtype="str")).tolist() == ["in"] * 5 + ["out"] * 5
    others = ["Discontinued", "end of life", "perhaps", ""]
    assert to_availability(pd.Series(others, dtype="str")).tolist() == ["gone", "gone", None, None]
