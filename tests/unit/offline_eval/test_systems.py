"""How lists become hits, and what a list must not be."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from data.interactions import SECONDS_PER_DAY, History
from offline_eval.protocol import build_test_set
from offline_eval.systems import user_lists

CUT, END = 10 * SECONDS_PER_DAY, 20 * SECONDS_PER_DAY
ROWS = [("ann", "a", 1), ("ann", "b", 2), ("ann", "b", 11), ("ann", "c", 11), ("bob", "d", 1), ("bob", "c", 11)]


@dataclass(frozen=True)
class Fixed:
    """Always the same items in the same order, of those allowed unless it is disobedient."""

    items: tuple[int, ...]
    is_obedient: bool = True
    name: str = "fixed"

    def ranking(self, history: History, n: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int32]:
        """The items."""
        assert (history.timestamp < CUT).all()
        assert len(history)
        items = np.array(self.items, dtype=np.int32)
        if not self.is_obedient:
            return items
        return items[:n] if allowed is None else items[allowed[items]][:n]


def test_lists_are_made_anew_in_each_segment(make_interactions: Any) -> None:
    """Overall keeps the list as it is; repeat and novel close the gaps that other items leave."""
    interactions = make_interactions(ROWS)
    test_set = build_test_set(interactions, CUT, END)
    lists = user_lists(Fixed((0, 3, 2, 1)), interactions, test_set, 3)
    hits = lists.hits
    assert lists.items.tolist() == [[0, 3, 2], [0, 3, 2]]
    assert hits["overall"].tolist() == [[False, False, True], [False, False, True]]
    assert hits["repeat"].tolist() == [[False, True, False], [False, False, False]]
    assert hits["novel"].tolist() == [[False, True, False], [False, True, False]]


def test_an_empty_list_hits_nothing(make_interactions: Any) -> None:
    """A user whose list is empty keeps a row without hits."""
    interactions = make_interactions(ROWS)
    hits = user_lists(Fixed(()), interactions, build_test_set(interactions, CUT, END), 3).hits
    assert all(marks.shape == (2, 3) and not marks.any() for marks in hits.values())


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ((2, 1, 2), "holds an item twice"),
        ((0, 1, 2, 3), "4 items where at most 3"),
        ((0, 9), "not among the 4"),
        ((-1, 0), "not among the 4"),
        ((0, 3), "not allowed"),
    ],
)
def test_a_list_that_breaks_the_contract_is_refused(
    make_interactions: Any, items: tuple[int, ...], message: str
) -> None:
    """Repeated, surplus, unknown and forbidden items are errors of the system, and it is named."""
    interactions = make_interactions(ROWS)
    test_set = build_test_set(interactions, CUT, END)
    with pytest.raises(ValueError, match=f"'fixed' gave .*{message}"):
        user_lists(Fixed(items, is_obedient=False), interactions, test_set, 3)
