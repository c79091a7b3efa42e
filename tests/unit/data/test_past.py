"""What was known at a moment, and nothing else."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from data.arrays.past import Past, last_targets
from data.arrays.writer import build_interactions
from data.interactions import EVENT_TYPES, SECONDS_PER_DAY, Interactions, KeptInteractions

DAY = SECONDS_PER_DAY
ROWS = [
    ("ann", "tea", 1, "purchase"),
    ("ann", "jam", 3, "view"),
    ("ann", "oil", 5, "purchase"),
    ("ann", "rye", 6, "view"),
    ("bob", "tea", 2, "purchase"),
    ("bob", "jam", 9, "purchase"),
    ("cy", "oil", 4, "view"),
]


def interactions_of(rows: list[tuple[str, str, float, str]]) -> Interactions:
    """Interactions of rows of user, item, day and type."""
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "day", "event_type"]).assign(price=1.0)
    events["timestamp"] = pd.to_datetime((events["day"] * DAY).round().astype("int64"), unit="s", utc=True)
    return build_interactions(events, {"purchase": 1.0, "view": 0.2}, "purchase")


def known(past: Past, user_id: str) -> list[str]:
    """The items of a user's history."""
    history = past.history(past.interactions.users.position(user_id))
    return past.interactions.items.externals(history.item_idx)


def test_before_is_one_moment_for_everybody() -> None:
    """Everybody's history ends before the moment, and is as of it."""
    past = Past.before(interactions_of(ROWS), 5 * DAY)
    assert [known(past, user) for user in ("ann", "bob", "cy")] == [["tea", "jam"], ["tea"], ["oil"]]
    assert past.user_as_of.tolist() == [5 * DAY] * 3
    assert past.active_users().tolist() == [0, 1, 2]


def test_without_last_ends_before_each_users_last_target() -> None:
    """A user's history ends before the last purchase, what follows it included; a user without one keeps all."""
    past = Past.without_last(interactions_of(ROWS), 100 * DAY)
    assert [known(past, user) for user in ("ann", "bob", "cy")] == [["tea", "jam"], ["tea"], ["oil"]]
    histories = [past.history(user) for user in range(3)]
    assert all((history.timestamp <= history.as_of).all() for history in histories)


def test_without_last_drops_one_of_several_at_a_moment() -> None:
    """Of purchases of one second the last in order is the label, and the others are known."""
    past = Past.without_last(interactions_of([("ann", item, 5, "purchase") for item in ("a", "b", "c")]), 100 * DAY)
    assert known(past, "ann") == ["a", "b"]


def test_without_leaves_out_what_is_held_out() -> None:
    """What the mask names is not known, nor what is not before the moment."""
    interactions = interactions_of(ROWS)
    held_out = interactions.item_idx == interactions.items.position("tea")
    past = Past.without(interactions, held_out, 6 * DAY)
    assert [known(past, user) for user in ("ann", "bob", "cy")] == [["jam", "oil"], [], ["oil"]]


def test_last_targets_by_hand() -> None:
    """One row for each user with a purchase: the latest."""
    interactions = interactions_of(ROWS)
    rows = last_targets(interactions)
    assert interactions.items.externals(interactions.item_idx[rows]) == ["oil", "jam"]


def test_matrices_are_made_once_and_hold_each_pair() -> None:
    """The pairs are 1 where a user had an item; the decayed matrix is kept for each half-life."""
    past = Past.before(interactions_of([*ROWS, ("ann", "tea", 4, "purchase")]), 100 * DAY)
    np.testing.assert_array_equal(past.pairs().toarray(), [[1, 1, 1, 1], [1, 0, 0, 1], [0, 1, 0, 0]])
    assert past.user_item_matrix(60) is past.user_item_matrix(60)
    assert (past.user_item_matrix(60) != past.user_item_matrix(7)).nnz > 0


@pytest.mark.parametrize("sessions", [None, ["s1", "s1", "s2", None]])
def test_baskets_are_sessions_or_hours(sessions: list[str | None] | None) -> None:
    """A session is a basket; without sessions a user's hour (UTC) is one."""
    times = ["2026-01-01T10:05", "2026-01-01T10:40", "2026-01-01T10:50", "2026-01-01T11:01"]
    events = pd.DataFrame({"user_id": "u", "item_id": list("abcd"), "event_type": "purchase", "price": 1.0})
    events["timestamp"] = pd.to_datetime(times, utc=True)
    if sessions is not None:
        events["session_id"] = pd.Series(sessions, dtype="str")
    made = build_interactions(events, {"purchase": 1.0}, "purchase")
    assert made.basket.tolist() == ([0, 0, 0, 1] if sessions is None else [0, 0, 1, 2])


def test_a_snapshot_copies_no_column() -> None:
    """A snapshot's columns are those of the base where it keeps them, and it costs one byte an event of its own."""
    rows = [(f"u{n % 500}", f"i{n % 97}", 1 + n / 1_000, "purchase") for n in range(20_000)]
    interactions = interactions_of(rows)
    tracemalloc.start()
    pasts = [Past.before(interactions, 11 * DAY), Past.without_last(interactions, 11 * DAY)]
    pasts.append(Past.without(interactions, interactions.item_idx == 3, 11 * DAY))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 3 * (len(interactions) + 4 * 8 * 501) < 26 * len(interactions)
    assert all(0 < len(past) < len(interactions) for past in pasts)


def test_what_is_kept_of_what_was_kept_is_kept_of_the_base() -> None:
    """A snapshot of a snapshot has the columns of both cuts, and is one mask on the first arrays."""
    interactions = interactions_of(ROWS)
    once = interactions.only(interactions.event_type != EVENT_TYPES.index("view"))
    twice = once.before(5 * DAY)
    assert isinstance(twice, KeptInteractions)
    assert twice.base is interactions
    copied = interactions.columns((interactions.timestamp < 5 * DAY) & interactions.is_target)
    for name, column in copied.items():
        np.testing.assert_array_equal(getattr(twice, name), column)
        parts = [twice.columns_of(user)[name] for user in range(3)]
        np.testing.assert_array_equal(np.concatenate(parts), column)
    assert twice.user_offsets.tolist() == [0, 1, 2, 2]
    with pytest.raises(ValueError, match="read-only"):
        twice.price[:] = 0
