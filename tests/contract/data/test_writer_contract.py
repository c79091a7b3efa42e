"""The writer gives the same arrays whatever the batches are, in memory or in files, as plain pandas makes them."""

from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.arrays.history_table import HistoryTable
from data.arrays.writer import InteractionsWriter, Span
from data.interactions import EVENT_COLUMNS, EVENT_TYPES, to_seconds

WEIGHTS = {"view": 0.2, "purchase": 1.0, "add_to_cart": 0.6, "impression": 0.0}
Write = Callable[[pd.DataFrame, list[int]], HistoryTable]


def events(seed: int, *, with_sessions: bool) -> pd.DataFrame:
    """Some 3,000 events of 200 users with many at one second, sorted by user and time."""
    draw = np.random.default_rng(seed)
    n = 3_000
    rows = pd.DataFrame(
        {
            "user_id": [f"ü{one}" for one in draw.integers(200, size=n)],
            "item_id": [f"item-{one}" for one in draw.integers(30, size=n)],
            "event_type": draw.choice(list(WEIGHTS), size=n),
            "second": 1_700_000_000 + draw.integers(0, 40, size=n) * 997,
            "price": np.where(draw.random(n) < 0.3, np.nan, draw.integers(1, 9, size=n) / 4),
        }
    )
    rows["session_id"] = draw.choice(["s1", "s2", None] if with_sessions else [None], size=n)
    rows["timestamp"] = pd.to_datetime(rows["second"], unit="s", utc=True).dt.as_unit("us")
    return rows.sort_values(["user_id", "second"], kind="stable", ignore_index=True)


def plain(rows: pd.DataFrame) -> dict[str, list[object]]:
    """The columns by the definition, one user and event after the other."""
    columns: dict[str, list[object]] = {name: [] for name in EVENT_COLUMNS}
    items = sorted({*rows.loc[rows["event_type"] != "impression", "item_id"], "ice"})
    for _, user in rows[rows["event_type"] != "impression"].groupby("user_id"):
        seen: dict[object, list[pd.Series]] = {}
        for _, row in user.iterrows():
            seen.setdefault((row["item_id"], row["second"], row["event_type"]), []).append(row)
        number, last = -1, None
        for (item, second, kind), same in seen.items():
            sessions = [row["session_id"] for row in same if isinstance(row["session_id"], str)]
            basket = min(sessions) if sessions else second // 3600
            number, last = number + (basket != last), basket
            prices = [row["price"] for row in same if row["price"] == row["price"]]
            columns["item_idx"].append(items.index(item))
            columns["timestamp"].append(second)
            columns["weight"].append(np.float32(WEIGHTS[kind]))
            columns["price"].append(np.float32(np.mean(prices)) if prices else 0.0)
            columns["is_target"].append(kind == "purchase")
            columns["event_type"].append([str(one) for one in EVENT_TYPES].index(kind))
            columns["basket"].append(number)
    return columns


@pytest.fixture(params=["memory", "files"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Write rows in batches of whole users that end at some rows."""

    def table(rows: pd.DataFrame, ends: list[int]) -> HistoryTable:
        seconds = to_seconds(rows["timestamp"])
        span = Span(int(seconds.min()), int(seconds.max()))
        folder = tmp_path if request.param == "files" else None
        with closing(InteractionsWriter(WEIGHTS, "purchase", span, folder)) as writer:
            for start, end in pairwise([0, *ends, len(rows)]):
                writer.append(rows.iloc[start:end])
            return writer.finish(pd.Series(["ice"]))

    return table


@pytest.mark.parametrize("with_sessions", [False, True])
def test_the_columns_are_those_of_the_definition(write: Write, with_sessions: bool) -> None:
    rows = events(7, with_sessions=with_sessions)
    starts = np.flatnonzero(rows["user_id"] != rows["user_id"].shift())
    table = write(rows, starts[[1, 50, 51, 150]].tolist())
    found = table.interactions()
    for name, expected in plain(rows).items():
        assert getattr(found, name).tolist() == expected, name
    kept = rows[rows["event_type"] != "impression"]
    assert found.users.externals(np.arange(len(found.users))) == sorted(kept["user_id"].unique())
    assert found.items.externals(np.arange(len(found.items))) == sorted([*kept["item_id"].unique(), "ice"])


def test_batches_that_end_elsewhere_give_the_same_arrays(write: Write) -> None:
    rows = events(8, with_sessions=True)
    starts = np.flatnonzero(rows["user_id"] != rows["user_id"].shift())
    one, many = write(rows, []), write(rows, starts[1:].tolist())
    for name in ("user_offsets", "item_idx", "second", "price", "kind", "kinds", "start"):
        assert getattr(one, name).tolist() == getattr(many, name).tolist()
    assert one.users.text.tolist() == many.users.text.tolist()


def test_a_user_of_two_batches_is_refused(write: Write) -> None:
    rows = events(9, with_sessions=False)
    middle = int(np.flatnonzero(rows["user_id"] == rows["user_id"].shift())[100])
    with pytest.raises(ValueError, match="byte order"):
        write(rows, [middle])


def test_no_event_that_counts_is_an_empty_table(write: Write) -> None:
    rows = events(10, with_sessions=False).assign(event_type="impression")
    table = write(rows, [])
    assert len(table) == len(table.users) == 0
    assert table.items.externals(np.arange(1)) == ["ice"]
