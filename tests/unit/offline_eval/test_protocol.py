"""Who is tested, and on what."""

from typing import Any

import numpy as np
import pytest

from data.interactions import SECONDS_PER_DAY
from offline_eval.protocol import allowed_items, build_test_set

CUT, END = 10 * SECONDS_PER_DAY, 20 * SECONDS_PER_DAY
SECOND = 1 / SECONDS_PER_DAY


def test_window_holds_its_beginning_and_not_its_end(make_interactions: Any) -> None:
    """An event at the cut is tested, the second before it is history, and an event at the end is neither."""
    rows = [("ann", "old", 10 - SECOND), ("ann", "at cut", 10), ("ann", "last", 20 - SECOND), ("ann", "at end", 20)]
    interactions = make_interactions(rows)
    test_set = build_test_set(interactions, CUT, END)
    assert interactions.items.externals(test_set.relevant(0, "overall")) == ["at cut", "last"]
    assert len(interactions.history(0, test_set.cut)) == 1


def test_relevant_items_are_distinct_and_of_the_target_type(make_interactions: Any) -> None:
    """An item bought twice in the window counts once, and one that was only viewed does not count."""
    rows = [("ann", "tea", 1), ("ann", "jam", 11), ("ann", "jam", 12), ("ann", "egg", 13, "view")]
    interactions = make_interactions(rows)
    test_set = build_test_set(interactions, CUT, END)
    assert interactions.items.externals(test_set.item_idx) == ["jam"]
    assert test_set.offsets.tolist() == [0, 1]


def test_users_need_a_past_of_any_kind_and_a_target_in_the_window(make_interactions: Any) -> None:
    """A viewer who buys is tested; who has no past is counted as left out; who buys nothing is not counted at all."""
    rows = [
        ("buyer without a past", "tea", 11),
        ("idle in the window", "tea", 1),
        ("viewer in the window", "tea", 1),
        ("viewer in the window", "tea", 11, "view"),
        ("viewer who buys", "jam", 1, "view"),
        ("viewer who buys", "tea", 11),
    ]
    interactions = make_interactions(rows)
    test_set = build_test_set(interactions, CUT, END)
    assert interactions.users.externals(test_set.user_idx) == ["viewer who buys"]
    assert (test_set.n_users_without_history, test_set.n_users_eligible) == (1, 1)


def test_an_item_viewed_before_the_cut_is_a_repeat(make_interactions: Any) -> None:
    """Any interaction of this user before the cut makes an item a repeat; another user's does not."""
    rows = [("ann", "tea", 1, "view"), ("bob", "jam", 1), ("ann", "tea", 11), ("ann", "jam", 11)]
    interactions = make_interactions(rows)
    test_set = build_test_set(interactions, CUT, END)
    assert interactions.items.externals(test_set.relevant(0, "repeat")) == ["tea"]
    assert interactions.items.externals(test_set.relevant(0, "novel")) == ["jam"]
    assert [int(test_set.n_relevant(segment)[0]) for segment in ("overall", "repeat", "novel")] == [2, 1, 1]


def test_empty_window_is_refused_and_a_quiet_one_is_not(make_interactions: Any) -> None:
    """A window that ends where it begins is an error; one in which nothing happens has no users."""
    interactions = make_interactions([("ann", "tea", 1)])
    with pytest.raises(ValueError, match="must end after it begins"):
        build_test_set(interactions, CUT, CUT)
    assert len(build_test_set(interactions, CUT, END)) == 0


def test_drawn_users_keep_their_items(make_interactions: Any) -> None:
    """Drawing users takes whole rows, remembers how many there were, and is settled by the generator."""
    rows = [(f"user{n:02}", f"item{n:02}", day) for n in range(20) for day in (1, 11)]
    rows += [(f"user{n:02}", "new", 12) for n in range(20)]
    test_set = build_test_set(make_interactions(rows), CUT, END)
    drawn = test_set.drawn(6, np.random.default_rng(3))
    assert len(drawn) == 6
    assert drawn.n_users_eligible == 20
    for row, user_idx in enumerate(drawn.user_idx):
        assert (
            drawn.relevant(row, "repeat").tolist() == test_set.relevant(int(user_idx), "repeat").tolist() == [user_idx]
        )
        assert drawn.n_relevant("overall")[row] == 2
    assert drawn.user_idx.tolist() == test_set.drawn(6, np.random.default_rng(3)).user_idx.tolist()
    assert test_set.drawn(20, np.random.default_rng(3)) is test_set


def test_segments_split_the_catalogue_by_the_users_past(make_interactions: Any) -> None:
    """Repeat allows what the user had, novel all the rest, overall everything."""
    interactions = make_interactions([("ann", "jam", 1), ("bob", "tea", 1), ("ann", "tea", 11)])
    history = interactions.history(0, CUT)
    repeat, novel = (allowed_items(history, 2, segment) for segment in ("repeat", "novel"))
    assert repeat is not None
    assert novel is not None
    assert repeat.tolist() == [True, False]
    assert novel.tolist() == [False, True]
    assert allowed_items(history, 2, "overall") is None
