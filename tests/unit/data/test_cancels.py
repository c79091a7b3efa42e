import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.cancels import net_cancels
from shortlist.columns import EVENT_DTYPES


def frame(rows):
    """Events of (minute, user, item, type, quantity)."""
    columns = ["timestamp", "user_id", "item_id", "event_type", "quantity"]
    events = pd.DataFrame(rows, columns=columns).reindex(columns=list(EVENT_DTYPES))
    events["timestamp"] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(events["timestamp"], unit="min")
    return events.astype(EVENT_DTYPES)


def slow_netting(rows):
    """The rule, one event at a time."""
    held, matched = {}, {}
    order = sorted(range(len(rows)), key=lambda i: (rows[i][0], rows[i][3] == "cancel", rows[i][4]))
    for index in order:
        _, user, item, kind, quantity = rows[index]
        stack = held.setdefault((user, item), [])
        if kind == "purchase":
            stack.append([index, quantity])
            continue
        matched[index] = bool(stack) and quantity > 0
        while quantity > 0 and stack:
            taken = min(quantity, stack[-1][1])
            stack[-1][1] -= taken
            quantity -= taken
            if stack[-1][1] == 0:
                stack.pop()
    return {index: left for stack in held.values() for index, left in stack}, matched


def test_latest_purchase_goes_first():
    """A cancel empties the latest purchase before it touches the one before, and leaves later ones alone."""
    rows = [
        (0, "u", "i", "purchase", 5),
        (1, "u", "i", "purchase", 3),
        (2, "u", "i", "cancel", 4),
        (3, "u", "i", "purchase", 1),
    ]
    netting = net_cancels(frame(rows))
    assert netting.events["quantity"].to_dict() == {0: 4.0, 3: 1.0}
    assert netting.matched.to_dict() == {2: True}


@pytest.mark.parametrize("other", [("v", "i"), ("u", "j")])
def test_others_are_not_touched(other):
    """A cancel takes nothing from another user or another item, nor from what comes later."""
    rows = [(0, *other, "purchase", 2), (1, "u", "i", "cancel", 2), (2, "u", "i", "purchase", 2)]
    netting = net_cancels(frame(rows))
    assert netting.events["quantity"].to_dict() == {0: 2.0, 2: 2.0}
    assert not netting.matched.any()


def test_missing_quantities_are_one():
    """Without quantities a cancel takes back one purchase."""
    rows = [(0, "u", "i", "purchase", np.nan), (1, "u", "i", "purchase", np.nan), (2, "u", "i", "cancel", np.nan)]
    assert net_cancels(frame(rows)).events.index.tolist() == [0]


def test_other_types_stay():
    """Views are kept whatever is cancelled."""
    rows = [(0, "u", "i", "view", np.nan), (1, "u", "i", "cancel", 1)]
    assert net_cancels(frame(rows)).events.index.tolist() == [0]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from("uv"),
            st.sampled_from("ij"),
            st.sampled_from(["purchase", "cancel"]),
            st.integers(1, 4),
        ),
        min_size=1,
        max_size=25,
    )
)
@pytest.mark.slow
def test_same_as_one_event_at_a_time(rows):
    """The vectorised netting is the rule applied to one event after the other."""
    netting = net_cancels(frame(rows))
    left, matched = slow_netting(rows)
    by_quantity = sorted((*rows[index][:3], quantity) for index, quantity in left.items())
    found = sorted((*rows[index][:3], quantity) for index, quantity in netting.events["quantity"].items())
    assert found == by_quantity
    assert sum(netting.matched) == sum(matched.values())
