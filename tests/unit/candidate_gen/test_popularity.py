"""Popularity, over everything and by category."""

import numpy as np
import pandas as pd
import pytest

from candidate_gen.profile import build_profile
from candidate_gen.sources.category_popular import CategoryPopular, CategoryPopularConfig
from candidate_gen.sources.popular import Popular, PopularConfig
from data.arrays.past import Past
from data.catalog_arrays import build_attributes
from data.interactions import SECONDS_PER_DAY, History, Interactions, empty_history

AS_OF = 100 * SECONDS_PER_DAY
BY_CATEGORY = CategoryPopularConfig(half_life_days=10, items_per_category=2, categories_per_user=2)


def popular_of(interactions: Interactions) -> Popular:
    """What is popular as of day 100."""
    attributes = build_attributes(pd.DataFrame({"item_id": []}), interactions.items)
    return Popular.fit(Past.before(interactions, AS_OF), attributes, PopularConfig(half_life_days=10), 1)


def purchases(*items: int) -> History:
    """A history of one purchase of each item, all ten days ago."""
    n = len(items)
    return History(
        as_of=AS_OF,
        item_idx=np.array(items, np.int32),
        timestamp=np.full(n, 90 * SECONDS_PER_DAY),
        weight=np.ones(n, np.float32),
        price=np.ones(n, np.float32),
        is_target=np.ones(n, np.bool_),
        event_type=np.full(n, 6, np.int8),
        basket=np.zeros(n, np.int32),
    )


def test_popularity_fades(make_interactions) -> None:
    """An event counts half after one half-life: one of today beats three of three half-lives ago."""
    rows = [("u1", "old", 70), ("u2", "old", 70), ("u3", "old", 70), ("u1", "new", 100 - 1 / 86_400)]
    popularity = popular_of(make_interactions(rows, ["never"]))
    np.testing.assert_allclose(popularity.popularity, [0, 1, 3 / 8], rtol=1e-4)  # never, new, old
    assert popularity.order.tolist() == [1, 2, 0]


def test_an_account_counts_as_one_customer(make_interactions) -> None:
    """A hundred purchases of one account make an item less popular than two customers do."""
    rows = [("till", "bulk", 99 - minute / 1_440) for minute in range(100)] + [("u1", "liked", 95), ("u2", "liked", 95)]
    popularity = popular_of(make_interactions(rows))
    np.testing.assert_allclose(popularity.popularity, [1, 2 * 0.5**0.5], rtol=1e-4)  # bulk, liked


def test_only_target_events_count(make_interactions) -> None:
    """Views do not make an item popular among purchases."""
    rows = [("u1", "seen", 99, "view"), ("u2", "seen", 99, "view"), ("u1", "bought", 50)]
    interactions = make_interactions(rows)
    popularity = popular_of(interactions)
    assert interactions.items.external(int(popularity.order[0])) == "bought"
    assert popularity.popularity[interactions.items.position("seen")] == 0


def test_top_keeps_to_what_is_allowed(make_interactions) -> None:
    """The best of the allowed items come, in order, and all of them when more are asked for."""
    rows = [(f"u{user}", f"i{item}", 99) for item in range(4) for user in range(item + 1)]
    popularity = popular_of(make_interactions(rows))
    assert popularity.top(2).tolist() == [3, 2]
    allowed = np.array([True, False, True, False])
    assert popularity.top(9, allowed).tolist() == [2, 0]
    assert len(popularity.top(3, np.zeros(4, dtype=np.bool_))) == 0


@pytest.fixture
def by_category(make_interactions):
    """Items 0, 1, 2 of category 0 bought 3, 2 and 1 times; item 3 of category 1 once; item 4 of none four times."""
    counts = (3, 2, 1, 1, 4)
    rows = [(f"u{user}", f"i{item}", 99) for item, count in enumerate(counts) for user in range(count)]
    interactions = make_interactions(rows, ["i5"])
    catalog = pd.DataFrame({"item_id": [f"i{n}" for n in range(6)], "category": [*"AAAB", None, "C"]}, dtype="str")
    attributes = build_attributes(catalog, interactions.items)
    return CategoryPopular.fit(Past.before(interactions, AS_OF), attributes, BY_CATEGORY, 1)


def found(source: CategoryPopular, history: History, n: int) -> list[int]:
    """What the source finds for a history."""
    return source.found(source.ask(build_profile(history)), n, None).tolist()


def test_categories_keep_their_best(by_category) -> None:
    """Each category keeps its best items, each with its share of all the category's popularity."""
    assert by_category.top_items.tolist() == [[0, 1], [3, -1], [-1, -1]]
    np.testing.assert_allclose(by_category.top_share, [[3 / 6, 2 / 6], [1, 0], [0, 0]], rtol=1e-6)


def test_candidates_come_from_the_users_categories(by_category) -> None:
    """The user's share of a category times the item's share in it gives the order; padding never comes."""
    assert found(by_category, purchases(2, 2, 2, 3), 10) == [0, 1, 3]  # 3/4 x 3/6, 3/4 x 2/6 and 1/4 x 1
    assert found(by_category, purchases(3, 4), 10) == [3]
    assert found(by_category, purchases(2, 2, 2, 3), 1) == [0]


@pytest.mark.parametrize("history", [purchases(4), purchases(5), empty_history(AS_OF)])
def test_no_category_no_candidates(by_category, history: History) -> None:
    """A user without a category, or of one that nobody buys from, gets none."""
    assert found(by_category, history, 10) == []
