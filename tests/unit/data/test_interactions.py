"""Events as arrays."""

import numpy as np
import pandas as pd
import pytest

from data.arrays.writer import build_interactions
from data.interactions import (
    EVENT_COLUMN_DTYPES,
    SECONDS_PER_DAY,
    EventWeights,
    Interactions,
    empty_history,
    to_seconds,
)
from shortlist.errors import DataError
from shortlist.ids import IdMap

WEIGHTS = {"purchase": 1.0, "view": 0.2, "impression": 0.0}


def events_of(rows) -> pd.DataFrame:
    """Canonical events of rows of user, item, ISO time, type and price."""
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "event_type", "price"])
    return events.assign(timestamp=pd.to_datetime(events["timestamp"], utc=True, format="ISO8601"))


ROWS = [
    ("u2", "b", "2026-01-02T00:00:00", "purchase", 3.0),
    ("u1", "b", "2026-01-03T00:00:00", "view", None),
    ("u1", "a", "2026-01-01T00:00:00", "purchase", 2.0),
    ("u1", "a", "2026-01-03T00:00:00", "impression", 9.0),
    ("u1", "c", "2026-01-02T00:00:00", "purchase", 5.0),
]


def test_events_by_user_and_time() -> None:
    """Interactions stand by user and then by time, with weights, prices and targets; impressions are left out."""
    made = build_interactions(events_of(ROWS), WEIGHTS, "purchase")
    assert made.users.externals(made.users_of(np.arange(4))) == ["u1", "u1", "u1", "u2"]
    assert made.items.externals(made.item_idx) == ["a", "c", "b", "b"]
    assert made.weight.tolist() == [1, 1, pytest.approx(0.2), 1]
    assert made.price.tolist() == [2, 5, 0, 3]
    assert made.is_target.tolist() == [True, True, False, True]
    assert made.user_offsets.tolist() == [0, 3, 4]
    first = pd.Timestamp("2026-01-01", tz="UTC").timestamp()
    assert (made.timestamp - first).tolist() == [0, SECONDS_PER_DAY, 2 * SECONDS_PER_DAY, SECONDS_PER_DAY]
    kinds = (made.item_idx.dtype, made.timestamp.dtype, made.weight.dtype, made.price.dtype, made.is_target.dtype)
    assert kinds == (np.int32, np.int64, np.float32, np.float32, np.bool_)


def test_order_of_rows_matters_within_a_second_only() -> None:
    """The same events in any order give the same arrays, but for those of one user and second, which keep theirs."""
    rows = [(f"u{n % 3}", f"i{n % 5}", f"2026-01-01T00:00:{n:02d}", "purchase", float(n)) for n in range(30)]
    one = build_interactions(events_of(rows), WEIGHTS, "purchase")
    for seed in range(3):
        other = build_interactions(events_of(rows).sample(frac=1, random_state=seed), WEIGHTS, "purchase")
        for name in ("item_idx", "timestamp", "weight", "price", "user_offsets", "is_target"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_second_keeps_the_order_of_its_rows() -> None:
    """What a user did at one moment stands as its rows stood, the first of rows that are one interaction."""
    rows = [("u", item, "2026-01-01", kind, 1.0) for item, kind in [("c", "view"), ("a", "view"), ("b", "purchase")]]
    made = build_interactions(events_of([*rows, rows[0]]), WEIGHTS, "purchase")
    assert made.items.externals(made.item_idx) == ["c", "a", "b"]
    back = build_interactions(events_of(rows[::-1]), WEIGHTS, "purchase")
    assert back.items.externals(back.item_idx) == ["b", "a", "c"]


def test_one_second_is_one_interaction() -> None:
    """Rows of one user, item, type and second are one, at their mean price; another type or second is another."""
    rows = [
        ("u", "a", "2026-01-01T00:00:00.1", "purchase", 2.0),
        ("u", "a", "2026-01-01T00:00:00.9", "purchase", 4.0),
        ("u", "a", "2026-01-01T00:00:01.0", "purchase", 6.0),
        ("u", "a", "2026-01-01T00:00:00.5", "view", None),
    ]
    made = build_interactions(events_of(rows), WEIGHTS, "purchase")
    assert len(made) == 3
    assert sorted(made.price[made.is_target].tolist()) == [3, 6]


def test_unknown_price_does_not_count_into_the_mean() -> None:
    """Of two rows of one second the one without a price leaves the other's as it is."""
    rows = [("u", "a", "2026-01-01", "purchase", 2.0), ("u", "a", "2026-01-01", "purchase", None)]
    assert build_interactions(events_of(rows), WEIGHTS, "purchase").price.tolist() == [2]


def test_catalogue_items_have_positions() -> None:
    """Items that only the catalogue knows, and those that only events know, have a position each."""
    made = build_interactions(events_of(ROWS), WEIGHTS, "purchase", catalog_ids=pd.Series(["z", "a"], dtype="str"))
    assert made.items.externals(np.arange(4)) == ["a", "b", "c", "z"]


def test_nothing_of_weight_gives_empty_arrays() -> None:
    """Events of no weight leave no user, and arrays of no length."""
    made = build_interactions(events_of(ROWS[3:4]), WEIGHTS, "purchase")
    assert (len(made), len(made.users), made.user_offsets.tolist()) == (0, 0, [0])


def test_history_ends_before_its_moment() -> None:
    """A history holds what lies before `as_of`, not what happens at it, and is a view of the arrays."""
    made = build_interactions(events_of(ROWS), WEIGHTS, "purchase")
    second = int(pd.Timestamp("2026-01-02", tz="UTC").timestamp())
    assert made.items.externals(made.history(0, second).item_idx) == ["a"]
    assert made.items.externals(made.history(0, second + 1).item_idx) == ["a", "c"]
    assert len(made.history(0, 0)) == len(made.history(1, second)) == 0
    assert np.shares_memory(made.history(0, second).item_idx, made.item_idx)


def test_before_is_a_history_for_everybody() -> None:
    """`before` keeps users and items, and of each user exactly the history up to the moment."""
    made = build_interactions(events_of(ROWS), WEIGHTS, "purchase")
    moment = int(pd.Timestamp("2026-01-02", tz="UTC").timestamp()) + 1
    past = made.before(moment)
    assert (past.users, past.items) == (made.users, made.items)
    for user in range(2):
        one, other = past.history(user, moment), made.history(user, moment)
        for name in ("item_idx", "timestamp", "weight", "price", "is_target"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert made.before(10**12) is made
    assert len(made.before(0)) == 0
    assert made.before(0).user_offsets.tolist() == [0, 0, 0]


def test_arrays_cannot_be_written() -> None:
    """The arrays that many models share are read-only, histories included."""
    made = build_interactions(events_of(ROWS), WEIGHTS, "purchase")
    for array in (made.weight, made.item_idx, made.history(0, 10**12).weight):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_empty_history_has_the_dtypes_of_a_real_one() -> None:
    """The history of a stranger is like any other, without rows."""
    real, empty = build_interactions(events_of(ROWS), WEIGHTS, "purchase").history(0, 10**12), empty_history(7)
    assert (len(empty), empty.as_of) == (0, 7)
    for name in ("item_idx", "timestamp", "weight", "price", "is_target"):
        assert getattr(empty, name).dtype == getattr(real, name).dtype


def test_seconds_are_rounded_down() -> None:
    """A time before 1970 and fractions belong to the second that they lie in, whatever the column's unit."""
    times = pd.Series(pd.to_datetime(["1969-12-31T23:59:59.5", "1970-01-01T00:00:01.999999"], utc=True))
    assert to_seconds(times).tolist() == [-1, 1]
    assert to_seconds(times.dt.as_unit("ns")).tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("present", "target", "view"),
    [(["view", "purchase"], "purchase", 0.2), (["view", "impression"], "view", 1.0), (["click", "view"], "click", 0.8)],
)
def test_weights_are_relative_to_the_target(present: list[str], target: str, view: float) -> None:
    """The strongest type that occurs is the target and weighs 1; the others keep their proportion."""
    found, weights = EventWeights().relative_to_target(present)
    assert (found, weights[target], weights["view"]) == (target, 1.0, pytest.approx(view))


@pytest.mark.parametrize("present", [[], ["impression"], ["dislike", "cancel"], ["frobnicate"]])
def test_no_positive_weight_is_refused(present: list[str]) -> None:
    """Without an event of positive weight there is no target."""
    with pytest.raises(DataError, match="positive weight"):
        EventWeights().relative_to_target(present)


def test_rows_keys_and_beginnings_belong_to_their_users() -> None:
    """Also where users have no event at all."""
    offsets = np.array([0, 0, 2, 2, 5, 5])
    items = np.array([3, 1, 0, 3, 2], dtype=np.int32)
    ids = {"users": IdMap.from_ids("abcde"), "items": IdMap.from_ids("wxyz")}
    rest = {name: np.zeros(5, dtype) for name, dtype in EVENT_COLUMN_DTYPES.items() if name != "item_idx"}
    made = Interactions(item_idx=items, user_offsets=offsets, **ids, **rest)
    assert made.users_of(np.arange(5)).tolist() == [1, 1, 3, 3, 3]
    assert made.begins().tolist() == [True, False, True, False, False]
    assert made.rows_of(np.array([3, 0, 1])).tolist() == [2, 3, 4, 0, 1]
    assert made.pair_keys().tolist() == made.pair_keys(np.arange(5)).tolist() == [7, 5, 12, 15, 14]
