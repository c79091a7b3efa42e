"""Interactions from a few rows, and data whose right answer is known."""

from collections.abc import Callable, Iterable

import pandas as pd
import pytest

from data.arrays.writer import build_interactions
from data.interactions import SECONDS_PER_DAY, Interactions

Row = tuple[str, str, float] | tuple[str, str, float, str]
MakeInteractions = Callable[[Iterable[Row]], Interactions]

WEIGHTS = {"purchase": 1.0, "view": 0.2}
N_USERS = 24


def interactions_of(rows: Iterable[Row]) -> Interactions:
    """Interactions from rows of user, item, days since 1970 and event type (a purchase when left out)."""
    full = [(*row, "purchase")[:4] for row in rows]
    events = pd.DataFrame(full, columns=["user_id", "item_id", "days", "event_type"])
    seconds = (events["days"] * SECONDS_PER_DAY).round().astype("int64")
    events["timestamp"] = pd.to_datetime(seconds, unit="s", utc=True)
    return build_interactions(events.assign(price=1.0), WEIGHTS, "purchase")


def checkerboard_rows() -> list[Row]:
    """Even users buy even items and odd users odd ones, all but the item of their own number, on ten days.

    Item ``n`` is at position ``n``, user ``n`` too.
    """
    return [
        (f"user{user:02}", f"item{item:02}", 100.0 + item + user / 100)
        for user in range(N_USERS)
        for item in range(user % 2, N_USERS, 2)
        if item != user
    ]


@pytest.fixture
def make_interactions() -> MakeInteractions:
    """`interactions_of`."""
    return interactions_of


@pytest.fixture
def checkerboard() -> list[Row]:
    """`checkerboard_rows`."""
    return checkerboard_rows()
