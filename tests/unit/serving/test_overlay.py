"""The newest events over stored histories."""

from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from data.arrays.histories import StoredHistories
from data.arrays.history_table import HistoryTable
from data.arrays.writer import build_interactions
from data.interactions import EVENT_COLUMNS, SECONDS_PER_DAY
from data.log.journal import Entry, Kept
from serving.overlay import LiveHistories, Overlay

AS_OF = 10 * SECONDS_PER_DAY
WEIGHTS = {"purchase": 1.0, "view": 0.2, "impression": 0.0}


def kept(
    position: int, user: str = "ann", item: str = "tea", kind: str = "view", seconds: int = 0, **more: Any
) -> Kept:
    """A journal entry, so many seconds after the end of the data."""
    moment = pd.Timestamp(AS_OF + seconds, unit="s", tz="UTC").isoformat()
    record = {"user_id": user, "item_id": item, "event_type": kind, "timestamp": moment} | more
    return Kept(position, Entry(str(position), orjson.dumps(record)))


@pytest.fixture
def overlay() -> Overlay:
    """An empty one."""
    return Overlay()


@pytest.fixture
def histories(overlay: Overlay) -> LiveHistories:
    """Ann has bought tea and milk, bob milk; jam is in the catalogue."""
    rows = [("ann", "tea", 1), ("ann", "milk", 2), ("bob", "milk", 3)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "day"]).assign(event_type="purchase", price=1.0)
    events["timestamp"] = pd.to_datetime(events["day"] * SECONDS_PER_DAY, unit="s", utc=True)
    interactions = build_interactions(events, WEIGHTS, "purchase", catalog_ids=pd.Series(["jam"]))
    stored = StoredHistories(HistoryTable.of(interactions), AS_OF)
    return LiveHistories(stored, overlay, AS_OF, interactions.items, WEIGHTS, "purchase")


def items(histories: LiveHistories, user: str) -> list[str]:
    """What a user did, oldest first."""
    history = histories.of(user)
    return [] if history is None else [histories.items.external(int(item)) for item in history.item_idx]


def test_without_events_nothing_changes(histories: LiveHistories) -> None:
    """Views of the stored arrays, and an empty mark."""
    found, stored = histories.of("ann"), histories.stored.of("ann")
    assert found is not None
    assert stored is not None
    assert np.shares_memory(found.item_idx, stored.item_idx)
    assert (found.as_of, histories.mark("ann"), histories.of("nobody")) == (AS_OF, "", None)


def test_events_follow_the_stored_ones(histories: LiveHistories, overlay: Overlay) -> None:
    """In the order of their times, as of the newest; others' histories and marks stay."""
    overlay.add([kept(1, item="jam", seconds=60), kept(2, item="tea", kind="purchase", seconds=30, price=2.5)])
    history = histories.of("ann")
    assert history is not None
    assert items(histories, "ann") == ["tea", "milk", "tea", "jam"]
    assert history.as_of == AS_OF + 61
    assert history.weight.tolist() == pytest.approx([1.0, 1.0, 1.0, 0.2])
    assert (history.price.tolist()[2], history.is_target.tolist()) == (2.5, [True, True, True, False])
    assert [getattr(history, name).dtype for name in EVENT_COLUMNS] == [
        getattr(histories.stored.of("ann"), name).dtype for name in EVENT_COLUMNS
    ]
    assert (items(histories, "bob"), histories.mark("bob")) == (["milk"], "")


def test_a_newcomer_has_a_history_at_once(histories: LiveHistories, overlay: Overlay) -> None:
    """Nobody knew of them before."""
    overlay.add([kept(1, user="new", item="jam")])
    assert items(histories, "new") == ["jam"]
    assert items(histories, " new ") == ["jam"]


def test_the_mark_changes_with_each_event(histories: LiveHistories, overlay: Overlay) -> None:
    """So that no list of before is taken for one of now."""
    marks = [histories.mark("ann")]
    for position in (3, 4):
        overlay.add([kept(position)])
        marks.append(histories.mark("ann"))
    assert len(set(marks)) == 3


def test_what_does_not_count_is_passed_over(histories: LiveHistories, overlay: Overlay) -> None:
    """Items that the bundle does not know, types without weight, what is in the bundle already, and the same again."""
    overlay.add(
        [
            kept(1, item="unheard of"),
            kept(2, kind="impression"),
            kept(3, kind="cancel"),
            kept(4, seconds=-1),
            kept(5, item="jam", seconds=5),
            kept(6, item="jam", seconds=5),
        ]
    )
    assert items(histories, "ann") == ["tea", "milk", "jam"]


def test_baskets_are_sessions_or_hours_and_go_on(histories: LiveHistories, overlay: Overlay) -> None:
    """Numbers rise from the last stored one."""
    overlay.add(
        [
            kept(1, seconds=0),
            kept(2, item="milk", seconds=100),
            kept(3, item="jam", seconds=7200, session_id="s"),
            kept(4, item="tea", seconds=14400, session_id="s"),
        ]
    )
    history = histories.of("ann")
    assert history is not None
    first = int(history.basket[1]) + 1
    assert history.basket.tolist()[2:] == [first, first, first + 1, first + 1]


def test_it_is_bounded(histories: LiveHistories) -> None:
    """The newest events of a user, and the users who came last."""
    small = Overlay(most_users=2, most_events=3)
    small.add([kept(position, item=str(position)) for position in range(1, 6)])
    assert [one.item_id for one in small.events("ann")] == ["3", "4", "5"]
    small.add([kept(6, user="bob"), kept(7, user="cy")])
    assert (small.events("ann"), small.mark("ann")) == ((), "")
    assert len(small.events("cy")) == 1


def test_time_passes_for_those_of_whom_nothing_is_new(histories: LiveHistories, overlay: Overlay) -> None:
    """Their events are the same and so much older; an event from before the end of the data turns nothing back."""
    overlay.add([kept(1, user="cecil", seconds=3_600), kept(2, user="cecil", seconds=-3_600)])
    history = histories.of("bob")
    assert history is not None
    assert (history.as_of, items(histories, "bob")) == (AS_OF + 3_601, ["milk"])
    assert histories.of("nobody") is None
