"""What an import warns of in the ids of its events, counted by DuckDB wherever the events lie.

Accounts with more events than a customer could have (resellers, robots, a till that books all under one number), ids
that are spelt in two ways, and events whose items the catalogue lacks.
"""

from typing import Final

from duckdb import DuckDBPyConnection, DuckDBPyRelation

MIN_EVENTS: Final = 500
TIMES_A_BUSY_CUSTOMER: Final = 10
_BUSY: Final = 0.99
_MOST_NAMED: Final = 5

_PLAIN: Final = r"regexp_replace(regexp_replace(id, '([0-9])\.0+$', '\1'), '^0+([0-9]+)$', '\1')"
_KEY: Final = f"CASE WHEN starts_with(id, '0') OR contains(id, '.0') THEN {_PLAIN} ELSE id END"
"""Of an id: itself without leading zeros and ``.0``."""

_EXPORT: Final = "Export ids as text from both sources."


def counts(connection: DuckDBPyConnection, events: DuckDBPyRelation, column: str) -> DuckDBPyRelation:
    """How many events there are of each `id` of a column, as `n`: a table of the connection."""
    events.aggregate(f"{column} AS id, count(*) AS n", column).create(f"counts_{column}")
    return connection.table(f"counts_{column}")


def unjoined(items: DuckDBPyRelation, catalogue: DuckDBPyRelation) -> DuckDBPyRelation:
    """The counts of items that the catalogue lacks."""
    return items.join(catalogue, "id", how="anti")


def total(found: DuckDBPyRelation) -> int:
    """All events of some counts."""
    ((n,),) = found.aggregate("coalesce(sum(n), 0)").fetchall()
    return int(n)


def id_warnings(
    users: DuckDBPyRelation,
    items: DuckDBPyRelation,
    stored_users: DuckDBPyRelation,
    catalogue: DuckDBPyRelation | None,
) -> list[str]:
    """What to tell the owner of the data.

    Parameters
    ----------
    users, items : DuckDBPyRelation
        Of new events, as `counts` gives them.
    stored_users : DuckDBPyRelation
        The `id` of those that the home holds.
    catalogue : DuckDBPyRelation or None
        The `id` of its items; None without a catalogue.
    """
    found = [*_account_warnings(users), *_user_warnings(users, stored_users)]
    return found if catalogue is None else [*found, *_item_warnings(items, catalogue)]


def spelt_twice(ids: DuckDBPyRelation, others: DuckDBPyRelation) -> tuple[int, tuple[str, str]]:
    """How many distinct ids have another spelling among both, by leading zeros or ``.0``, and one pair of them.

    Parameters
    ----------
    ids, others : DuckDBPyRelation
        Their ``id``.
    """
    both = ids.project("id, true AS is_new").union(others.project("id, false AS is_new"))
    distinct = both.filter("id IS NOT NULL").aggregate("id, bool_or(is_new) AS is_new", "id")
    figures = "count(*) FILTER (is_new) AS n_new, min(id) FILTER (is_new) AS one, min(id) AS a, max(id) AS z"
    several = distinct.aggregate(figures, _KEY).filter("a <> z AND n_new > 0")
    pair = "min(one), arg_min(CASE WHEN z <> one THEN z ELSE a END, one)"
    ((n, one, other),) = several.aggregate(f"coalesce(sum(n_new), 0), {pair}").fetchall()
    return int(n), (one or "", other or "")


def _account_warnings(users: DuckDBPyRelation) -> list[str]:
    """Of accounts with many times as many events as a busy customer, who has more than 99 of 100."""
    n_users = len(users)
    busy = users.order("n").limit(1, int(_BUSY * (n_users - 1))).fetchall() if n_users else []
    least = max([MIN_EVENTS, *(TIMES_A_BUSY_CUSTOMER * n for _, n in busy)])
    found = users.filter(f"n >= {least}").order("n DESC, id").fetchall()
    if not found:
        return []
    named = ", ".join(f"{user_id} {n:,}" for user_id, n in found[:_MOST_NAMED])
    return [
        f"events: {len(found):,} of {n_users:,} users have {sum(n for _, n in found):,} of {total(users):,} events "
        f"({named}), far more than others do. If these are no customers, data.excluded_users leaves them out."
    ]


def _user_warnings(users: DuckDBPyRelation, known: DuckDBPyRelation) -> list[str]:
    n_users, (one, other) = spelt_twice(users, known)
    if not n_users:
        return []
    return [
        f"events: {n_users:,} user ids are spelt in two ways, such as {one} and {other}; they are taken as different "
        f"customers. {_EXPORT}"
    ]


def _item_warnings(items: DuckDBPyRelation, catalogue: DuckDBPyRelation) -> list[str]:
    """Of items that the catalogue lacks, or may know by another spelling."""
    missing, n_events = unjoined(items, catalogue), total(items)
    n_missing = total(missing)
    if not n_missing:
        return []
    n_items, (one, other) = spelt_twice(missing, catalogue)
    if n_items:
        return [
            f"events: {n_missing:,} of {n_events:,} name items that the catalogue lacks, and {n_items:,} of these are "
            f"in it under another spelling, such as {one} and {other}. {_EXPORT}"
        ]
    if n_missing < n_events:
        return []
    (((one,),), ((other,),)) = (some.aggregate("min(id)").fetchall() for some in (missing, catalogue))
    return [
        f"events: none of the {n_events:,} events finds its item in the catalogue. Events have ids such as {one}, the "
        f"catalogue such as {other}."
    ]
