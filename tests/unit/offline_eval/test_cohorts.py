"""Cohorts against what can be counted by hand."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from data.interactions import SECONDS_PER_DAY, History
from offline_eval.cohorts import Cohorts, make_cohorts
from offline_eval.protocol import build_test_set
from offline_eval.systems import user_lists

CUT, END = 10 * SECONDS_PER_DAY, 20 * SECONDS_PER_DAY
PAST = (
    [("ann", "a", 1.0)]
    + [("bob", "a", 1.0), ("bob", "b", 2.0), ("bob", "b", 3.0)]
    + [("cy", "a", day / 10) for day in range(1, 7)]
    + [("cy", "c", 5.0)]
)
LATER = [("ann", "a", 11.0), ("ann", "d", 11.0), ("bob", "b", 11.0), ("cy", "c", 11.0)]


@dataclass(frozen=True)
class Always:
    """The same list for everybody."""

    items: tuple[int, ...] = (0, 2)
    name: str = "always"

    def ranking(self, history: History, n: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int32]:
        """The items that are allowed."""
        items = np.array(self.items, dtype=np.int32)
        return items[:n] if allowed is None else items[allowed[items]][:n]


@pytest.fixture
def cohorts(make_interactions: Any) -> Cohorts:
    """Lists of a and c for users of whom one, three and seven events are known."""
    interactions = make_interactions(PAST + LATER)
    past, test_set = interactions.before(CUT), build_test_set(interactions, CUT, END)
    lists = {"always": user_lists(Always(), past, test_set, 2)}
    return make_cohorts(lists, 2, past, test_set, None, 0)


def test_users_by_what_is_known_of_them(cohorts: Cohorts) -> None:
    """One user each: ann finds a at the first place, bob nothing, cy c at the second."""
    shown = [(one.name, one.from_events, one.to_events, one.n_users) for one in cohorts.users]
    assert shown == [("new", 1, 1, 1), ("light", 3, 3, 1), ("heavy", 7, 7, 1)]
    means = [one.ndcg["always"].mean for one in cohorts.users]
    assert means == pytest.approx([1 / (1 + 1 / np.log2(3)), 0.0, 1 / np.log2(3)])


def test_items_by_how_often_they_are_taken(cohorts: Cohorts) -> None:
    """Of eleven events eight are a's, which alone is the head; d, which nobody took, is of the tail."""
    shown = [(one.name, one.n_items, one.n_relevant, one.recall) for one in cohorts.items]
    assert shown == [
        ("head", 1, 1, {"always": 1.0}),
        ("torso", 1, 1, {"always": 0.0}),
        ("tail", 2, 2, {"always": 0.5}),
    ]
    assert sum(one.n_items for one in cohorts.items) == 4
    assert cohorts.categories == ()


def test_names_in_json(cohorts: Cohorts) -> None:
    """Keys carry the cut-off."""
    content = cohorts.to_dict()
    assert content["users"][0]["ndcg@2"]["always"]["mean"] > 0.6
    assert content["items"][2]["recall@2"] == {"always": 0.5}
