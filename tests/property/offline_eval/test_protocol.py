"""The test set against a slow reference that works on sets."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.arrays.writer import build_interactions
from offline_eval.protocol import SEGMENTS, build_test_set

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cy", "di"]),
        st.sampled_from(["tea", "jam", "egg", "rye", "oil"]),
        st.integers(min_value=0, max_value=20),
        st.sampled_from(["purchase", "view"]),
    ),
    min_size=1,
    max_size=40,
)


def _slow(events: list[tuple[str, str, int, str]], cut: int, end: int) -> dict[str, dict[str, bool]]:
    """For each tested user, the relevant items, each with whether it is a repeat."""
    tested: dict[str, dict[str, bool]] = {}
    for user in {event[0] for event in events}:
        past = {item for who, item, second, _ in events if who == user and second < cut}
        bought = {
            item for who, item, second, kind in events if who == user and kind == "purchase" and cut <= second < end
        }
        if past and bought:
            tested[user] = {item: item in past for item in bought}
    return tested


@pytest.mark.slow
@given(events=EVENTS, cut=st.integers(min_value=0, max_value=20), length=st.integers(min_value=1, max_value=20))
def test_test_set_equals_the_slow_reference(events: list[tuple[str, str, int, str]], cut: int, length: int) -> None:
    """For any events and window, users, relevant items and repeats are those of the reference."""
    frame = pd.DataFrame(events, columns=["user_id", "item_id", "second", "event_type"])
    frame = frame.assign(timestamp=pd.to_datetime(frame["second"], unit="s", utc=True), price=1.0)
    interactions = build_interactions(frame, {"purchase": 1.0, "view": 0.1}, "purchase")
    test_set = build_test_set(interactions, cut, cut + length)
    found = {
        interactions.users.external(int(test_set.user_idx[row])): {
            interactions.items.external(int(item)): segment == "repeat"
            for segment in ("repeat", "novel")
            for item in test_set.relevant(row, segment)  # type: ignore[arg-type]
        }
        for row in range(len(test_set))
    }
    assert found == _slow(events, cut, cut + length)
    counts = {segment: test_set.n_relevant(segment) for segment in SEGMENTS}
    assert (counts["repeat"] + counts["novel"] == counts["overall"]).all()
    assert counts["overall"].tolist() == [len(test_set.relevant(row, "overall")) for row in range(len(test_set))]
