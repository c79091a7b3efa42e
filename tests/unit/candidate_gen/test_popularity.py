"""Popularity, over everything and by category."""

import numpy as np
import pytest

from candidate_gen.popularity import PopularityConfig, fit_category_popularity, fit_popularity
from candidate_gen.profile import build_profile
from data.interactions import SECONDS_PER_DAY, History, empty_history

AS_OF = 100 * SECONDS_PER_DAY
CONFIG = PopularityConfig(half_life_days=10, items_per_category=2, categories_per_user=2)


def purchases(*items: int) -> History:
    """A history of one purchase of each item, all ten days ago."""
    n = len(items)
    return History(
        AS_OF,
        np.array(items, np.int32),
        np.full(n, 90 * SECONDS_PER_DAY),
        np.ones(n, np.float32),
        np.ones(n, np.float32),
        np.ones(n, np.bool_),
    )


def test_popularity_fades(make_interactions) -> None:
    """An event counts half after one half-life: one of today beats three of three half-lives ago."""
    rows = [("u1", "old", 70), ("u2", "old", 70), ("u3", "old", 70), ("u1", "new", 100 - 1e-9)]
    popularity = fit_popularity(make_interactions(rows, ["never"]), AS_OF, CONFIG)
    np.testing.assert_allclose(popularity.score, [0, 1, 3 / 8], rtol=1e-4)  # never, new, old
    assert popularity.order.tolist() == [1, 2, 0]


def test_only_target_events_count(make_interactions) -> None:
    """Views do not make an item popular among purchases."""
    rows = [("u1", "seen", 99, "view"), ("u2", "seen", 99, "view"), ("u1", "bought", 50)]
    interactions = make_interactions(rows)
    popularity = fit_popularity(interactions, AS_OF, CONFIG)
    assert interactions.items.external(int(popularity.order[0])) == "bought"
    assert popularity.score[interactions.items.position("seen")] == 0


def test_top_keeps_to_what_is_allowed(make_interactions) -> None:
    """The best of the allowed items come, in order, and all of them when more are asked for."""
    rows = [(f"u{user}", f"i{item}", 99) for item in range(4) for user in range(item + 1)]
    popularity = fit_popularity(make_interactions(rows), AS_OF, CONFIG)
    assert popularity.top(2)[0].tolist() == [3, 2]
    allowed = np.array([True, False, True, False])
    items, scores = popularity.top(9, allowed)
    assert items.tolist() == [2, 0]
    assert (np.diff(scores) < 0).all()
    assert len(popularity.top(3, np.zeros(4, dtype=np.bool_))[0]) == 0


@pytest.fixture
def by_category(make_interactions):
    """Items 0, 1, 2 of category 0 bought 3, 2 and 1 times; item 3 of category 1 once; item 4 of none four times."""
    counts = (3, 2, 1, 1, 4)
    rows = [(f"u{user}", f"i{item}", 99) for item, count in enumerate(counts) for user in range(count)]
    popularity = fit_popularity(make_interactions(rows, ["i5"]), AS_OF, CONFIG)
    return fit_category_popularity(popularity, np.array([0, 0, 0, 1, -1, 2], np.int32), 3, CONFIG)


def test_categories_keep_their_best(by_category) -> None:
    """Each category keeps its best items, each with its share of all the category's popularity."""
    assert by_category.top_items.tolist() == [[0, 1], [3, -1], [-1, -1]]
    np.testing.assert_allclose(by_category.top_share, [[3 / 6, 2 / 6], [1, 0], [0, 0]], rtol=1e-6)


def test_candidates_come_from_the_users_categories(by_category) -> None:
    """The user's share of a category times the item's share in it gives the order; padding never comes."""
    found = by_category.candidates(build_profile(purchases(2, 2, 2, 3)), 10)
    assert found.tolist() == [0, 3, 1] or found.tolist() == [0, 1, 3]
    assert by_category.candidates(build_profile(purchases(3, 4)), 10).tolist() == [3]
    assert by_category.candidates(build_profile(purchases(2, 2, 2, 3)), 1).tolist() == [0]


@pytest.mark.parametrize("history", [purchases(4), purchases(5), empty_history(AS_OF)])
def test_no_category_no_candidates(by_category, history: History) -> None:
    """A user without a category, or of one that nobody buys from, gets none."""
    assert by_category.candidates(build_profile(history), 10).shape == (0,)
