"""Coverage, Gini, novelty, diversity, repeats and revenue against what can be counted by hand."""

from itertools import combinations
from math import log2, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from data.interactions import SECONDS_PER_DAY
from offline_eval.list_figures import (
    KnownShop,
    coverage,
    diversity,
    gini,
    list_figures,
    novelty,
    repeat_share,
    revenue,
)
from offline_eval.protocol import build_test_set
from shortlist.ids import MISSING

CUT, END = 10 * SECONDS_PER_DAY, 20 * SECONDS_PER_DAY
ROWS = [
    ("ann", "a", 1), ("ann", "b", 2), ("bob", "a", 1), ("bob", "c", 2), ("cy", "a", 3),
    ("ann", "b", 11), ("ann", "b", 12), ("ann", "c", 11), ("bob", "d", 11),
]  # fmt: skip
LISTS = np.array([[0, 1], [2, MISSING]], dtype=np.int32)


@pytest.fixture
def shop(make_interactions: Any) -> KnownShop:
    """Three users, four items, one unit of money each; ann takes b twice and c, bob d."""
    interactions = make_interactions(ROWS)
    return KnownShop.of(interactions.before(CUT), build_test_set(interactions, CUT, END))


def test_by_hand(shop: KnownShop) -> None:
    """Items a, b, c and d are had by three, one, one and no user before the cut."""
    assert shop.n_owners().tolist() == [3, 1, 1, 0]
    figures = list_figures("some", LISTS, shop, 0)
    assert figures.coverage == 3 / 4
    assert figures.gini == pytest.approx(0.25)  # shown 0, 1, 1, 1 times: (-3*0 - 1 + 1 + 3) / (4 * 3)
    assert figures.novelty == pytest.approx((0 + log2(3) + log2(3)) / 3)
    assert figures.diversity == pytest.approx(1 - 1 / sqrt(3))
    assert figures.repeat_share == 1.0
    assert figures.revenue is not None
    assert figures.revenue.mean == 1.0  # ann's two b's, nothing of bob's
    assert figures.to_dict()["revenue@2"] == {"mean": 1.0, "low": 0.0, "high": 2.0}


def test_what_nobody_had_counts_as_had_by_one(shop: KnownShop) -> None:
    """Its novelty is finite."""
    assert novelty(np.array([[3]]), shop.n_owners(), 3) == pytest.approx(log2(3))


def test_lists_without_items_have_no_figures(shop: KnownShop) -> None:
    """What cannot be told is null, and no lists cover nothing."""
    empty = list_figures("empty", np.full((2, 2), MISSING, dtype=np.int32), shop, 0).to_dict()
    assert empty["coverage@2"] == 0.0
    assert [empty[f"{name}@2"] for name in ("gini", "novelty", "intra_list_diversity", "repeat_share")] == [None] * 4


def test_bounds_of_gini() -> None:
    """Even lists have 0, one item of a thousand shown always nearly 1."""
    assert gini(np.arange(1000).reshape(100, 10), 1000) == pytest.approx(0.0)
    assert gini(np.zeros((50, 1), dtype=np.int32), 1000) == pytest.approx(0.999)


def test_against_slow_formulas() -> None:
    """On random lists: the double sum of Gini, the pairs of each list, one user and item at a time."""
    generator = np.random.default_rng(1)
    n_items, n_users = 30, 50
    owned = generator.random((n_items, n_users)) < 0.2
    lists = np.stack([generator.permutation(n_items)[:5] for _ in range(n_users)]).astype(np.int32)
    lists[3, 2:] = MISSING
    owners = csr_matrix(owned.astype(np.float32))
    shown = np.bincount(lists[lists != MISSING], minlength=n_items)
    double = np.abs(shown[:, None] - shown[None, :]).sum() / (2 * n_items * shown.sum())
    assert gini(lists, n_items) == pytest.approx(double)
    assert coverage(lists, n_items) == (shown > 0).mean()

    def distance(one: int, other: int) -> float:
        return 1 - (owned[one] & owned[other]).sum() / sqrt(max(owned[one].sum() * owned[other].sum(), 1))

    of_lists = [np.mean([distance(*pair) for pair in combinations(row[row != MISSING], 2)]) for row in lists]
    assert diversity(lists, owners) == pytest.approx(np.mean(of_lists), abs=1e-6)
    users = np.arange(n_users, dtype=np.int32)
    had = [owned[item, user] for user, row in enumerate(lists) for item in row if item != MISSING]
    assert repeat_share(lists, users, owners) == pytest.approx(np.mean(had))


def test_revenue_is_of_relevant_items_in_the_list(shop: KnownShop) -> None:
    """A list of all four items is worth all that was paid."""
    everything = np.array([[0, 1, 2, 3]] * 2, dtype=np.int32)
    assert revenue(everything, shop.test_set).tolist() == [3.0, 1.0]
