"""Histories in few bytes are the same histories."""

from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.arrays import history_table
from data.arrays.history_table import HistoryTable
from data.arrays.writer import build_interactions
from data.interactions import EVENT_COLUMNS, Interactions
from shortlist.errors import DataError

WEIGHTS = {"view": 0.2, "purchase": 1.0, "add_to_cart": 0.6}

events_of_shops = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cid", "dan"]),
        st.sampled_from(["tea", "milk", "jam"]),
        st.sampled_from(sorted(WEIGHTS)),
        st.integers(0, 20_000),
        st.sampled_from([0.0, 1.25, 3.5]),
        st.sampled_from(["s1", "s2", None]),
    ),
    min_size=1,
    max_size=40,
)


def shop(rows: list[tuple[object, ...]]) -> Interactions:
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "event_type", "second", "price", "session_id"])
    events["timestamp"] = pd.to_datetime(events["second"], unit="s", utc=True).dt.as_unit("us")
    return build_interactions(events, WEIGHTS, "purchase", catalog_ids=pd.Series(["ice"]))


@given(events_of_shops, st.integers(0, 20_000))
@settings(deadline=None, max_examples=50)
def test_histories_and_columns_are_those_that_were_packed(rows: list[tuple[object, ...]], as_of: int) -> None:
    interactions = shop(rows)
    table = HistoryTable.of(interactions)
    whole = table.interactions()
    assert table.with_places_of_prices().interactions().price.tobytes() == interactions.price.tobytes()
    for name in EVENT_COLUMNS:
        expected, found = getattr(interactions, name), getattr(whole, name)
        assert found.dtype == expected.dtype
        assert found.tolist() == expected.tolist()
    for user in range(len(interactions.users)):
        expected_history = interactions.history(user, as_of)
        for history in (table.history(user, as_of), table.with_places_of_prices().history(user, as_of)):
            assert history.as_of == as_of
            for name in EVENT_COLUMNS:
                assert getattr(history, name).dtype == getattr(expected_history, name).dtype
                assert getattr(history, name).tolist() == getattr(expected_history, name).tolist()


@pytest.mark.parametrize(("n_prices", "n_bytes"), [(1, 10), (256, 10), (257, 11), (300, 11), (301, 13), (400, 13)])
def test_an_event_takes_ten_to_thirteen_bytes(n_prices: int, n_bytes: int) -> None:
    """As many as the places of its prices take; where these are too many, they stand as they are."""
    interactions = shop([("ann", "tea", "view", second, 1.0, None) for second in range(400)])
    prices = np.arange(400, dtype=np.float32) % n_prices
    with mock.patch.multiple(history_table, MAX_PRICES=300, EVENTS_AT_ONCE=64):
        table = HistoryTable.of(replace(interactions, price=prices)).with_places_of_prices()
        assert table.with_places_of_prices().price is table.price
    assert bytes_per_event(table) == n_bytes
    assert table.interactions().price.tolist() == prices.tolist()


def bytes_per_event(table: HistoryTable) -> float:
    columns = (table.item_idx, table.second, table.price, table.kind)
    return sum(column.nbytes for column in columns) / len(table)


def test_a_log_of_two_centuries_keeps_its_times() -> None:
    interactions = shop([("ann", "tea", "view", 0, 1.0, None), ("ann", "milk", "view", 1, 1.0, None)])
    far = replace(interactions, timestamp=np.array([-5, 7_000_000_000]))
    assert HistoryTable.of(far).interactions().timestamp.tolist() == [-5, 7_000_000_000]


def test_weights_without_number_are_refused() -> None:
    rows = [("ann", "tea", "view", second, 1.0, None) for second in range(200)]
    interactions = shop(rows)
    many = replace(interactions, weight=np.linspace(0.1, 1.0, 200, dtype=np.float32))
    with pytest.raises(DataError, match="200 kinds"):
        HistoryTable.of(many)


def test_no_events_are_a_table() -> None:
    interactions = shop([("ann", "tea", "view", 1, 1.0, None)])
    table = HistoryTable.of(interactions.before(0))
    assert len(table) == 0
    assert len(table.history(0, 10)) == 0
    assert len(table.interactions()) == 0
