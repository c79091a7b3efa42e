"""Ids that name nobody."""

import pandas as pd
import pytest

from data.guests import NULL_WORDS, named_ids


def ids(*parts: tuple[str | None, int]) -> pd.Series:
    """A column of ids, each so many times."""
    return pd.Series([one for one, count in parts for _ in range(count)], dtype="str")


@pytest.mark.parametrize("word", ["NULL", "None", "nan", "\\N", "(not set)", "undefined", "Guest", "N/A", "null", "-"])
def test_null_words_name_nobody(word: str) -> None:
    """Whatever their case, rows of such a word have no id, and are counted under its spelling."""
    named = named_ids(ids(("u1", 2), (word, 3)), NULL_WORDS, may_be_zero=True)
    assert named.ids.dropna().tolist() == ["u1", "u1"]
    assert named.nobody == {word: 3}
    assert f"3 rows name nobody as user_id ({word} 3)" in named.warnings("t", "user_id")[0]


def test_words_are_those_configured() -> None:
    """Other words can be named, and then only these count."""
    named = named_ids(ids(("walk-in", 2), ("null", 1)), ("Walk-In",), may_be_zero=True)
    assert named.ids.dropna().tolist() == ["null"]


CUSTOMERS = [(f"u{n}", 3) for n in range(50)]


@pytest.mark.parametrize(("zeros", "is_nobody"), [(100, True), (15, True), (14, False), (3, False)])
def test_zero_is_nobody_where_no_customer_could_have_as_much(zeros: int, is_nobody: bool) -> None:
    """``0`` is nobody with five times as many rows as any customer, and a sound id with fewer."""
    named = named_ids(ids(("0", zeros), *CUSTOMERS), NULL_WORDS, may_be_zero=True)
    assert (named.nobody == {"0": zeros}) is is_nobody
    assert named.ids.isna().sum() == (zeros if is_nobody else 0)


def test_zero_beside_guests_is_doubtful() -> None:
    """Where other words name nobody, a kept ``0`` is pointed out; without any it is not."""
    beside = named_ids(ids(("0", 3), ("NULL", 9), *CUSTOMERS), NULL_WORDS, may_be_zero=True)
    assert any("0 has 3 rows and is taken as an id" in one for one in beside.warnings("t", "user_id"))
    assert named_ids(ids(("0", 3), *CUSTOMERS), NULL_WORDS, may_be_zero=True).warnings("t", "user_id") == []


def test_zero_alone_or_among_few_is_an_id() -> None:
    """A file of one customer, or a catalogue, has an item or user 0."""
    assert named_ids(ids(("0", 9)), NULL_WORDS, may_be_zero=True).nobody == {}
    assert named_ids(ids(("0", 9), *CUSTOMERS), NULL_WORDS, may_be_zero=False).nobody == {}
