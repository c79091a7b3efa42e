"""What is said of accounts that no customer could have, of ids that are spelt twice, and of items of no catalogue."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from data.id_warnings import counts, id_warnings, spelt_twice


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """One in memory."""
    with duckdb.connect() as made:
        yield made


def ids(connection: duckdb.DuckDBPyConnection, *values: str | None) -> duckdb.DuckDBPyRelation:
    """A relation of one column."""
    return connection.from_arrow(pa.table({"id": pa.array(values, pa.string())}))


def warned(
    connection: duckdb.DuckDBPyConnection,
    users: list[str],
    items: list[str] | None = None,
    stored: tuple[str, ...] = (),
    catalogue: tuple[str, ...] | None = None,
) -> list[str]:
    """The warnings of events of some users, each of the item at its place."""
    events = connection.from_arrow(pa.table({"user_id": users, "item_id": items or ["i"] * len(users)}))
    of_users, of_items = (counts(connection, events, column) for column in ("user_id", "item_id"))
    known = None if catalogue is None else ids(connection, *catalogue)
    return id_warnings(of_users, of_items, ids(connection, *stored), known)


def log(**counts: int) -> list[str]:
    """User ids of so many events each, beside a hundred customers of twenty events."""
    customers = {f"c{number}": 20 for number in range(100)}
    return [user for user, n in {**customers, **counts}.items() for _ in range(n)]


def test_an_account_far_above_the_busy_is_named(connection) -> None:
    (warning,) = warned(connection, log(robot=5_000, busy=300))
    assert "1 of 102 users have 5,000 of 7,300 events (robot 5,000)" in warning
    assert "data.excluded_users" in warning


@pytest.mark.parametrize("users", [log(busy=450), [], ["u"] * 10])
def test_busy_customers_and_small_logs_are_not(connection, users: list[str]) -> None:
    assert warned(connection, [*users]) == []


@pytest.mark.parametrize(
    ("new", "stored", "found"),
    [
        (["108775001", "x"], ["0108775001", "y"], (1, ("108775001", "0108775001"))),
        (["108775001", "x"], ["108775001"], (0, ("", ""))),
        (["73.0"], ["73"], (1, ("73.0", "73"))),
        (["0", "00"], [], (2, ("0", "00"))),
        (["b007.0", "b007", "a.0"], ["a"], (2, ("b007", "b007.0"))),
        ([None, "1"], [None, "2", "02"], (0, ("", ""))),
        ([], ["2", "02"], (0, ("", ""))),
    ],
)
def test_two_spellings_of_one_id_are_found(connection, new: list[str], stored: list[str], found: tuple) -> None:
    """Ids that differ in leading zeros or a point alone are counted, with both spellings; not those stored before."""
    assert spelt_twice(ids(connection, *new), ids(connection, *stored)) == found


def test_customers_of_two_spellings_are_told(connection) -> None:
    (warning,) = warned(connection, ["0001", "0001", "x"], stored=("1", "1"))
    assert "1 user ids are spelt in two ways, such as 0001 and 1" in warning


def test_items_of_no_catalogue_are_told(connection) -> None:
    """By their other spelling; where none is found at all, by an example of each side; and some may be missing."""
    (spelt,) = warned(connection, ["u", "u", "v"], ["7", "7", "x"], catalogue=("007", "x"))
    assert "2 of 3 name items that the catalogue lacks, and 1 of these are in it under another spelling" in spelt
    assert "such as 7 and 007" in spelt


def test_a_catalogue_of_other_items_is_told(connection) -> None:
    (none,) = warned(connection, ["u", "v"], ["a", "b"], catalogue=("x", "y"))
    assert "none of the 2 events finds its item" in none
    assert "such as a, the catalogue such as x" in none


def test_a_few_new_items_are_no_warning(connection) -> None:
    assert warned(connection, ["u", "v"], ["a", "b"], catalogue=("a",)) == []
