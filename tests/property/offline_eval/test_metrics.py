"""Metrics against a slow reference that works on lists and sets."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_eval.metrics import ndcg_at_k, precision_at_k, recall_at_k

ITEMS = st.integers(min_value=0, max_value=30)
DEPTH = 12


def _slow(found: list[int], relevant: set[int], k: int) -> tuple[float, float, float]:
    """Precision, recall and NDCG at `k`, item by item."""
    n_hits, gain = 0, 0.0
    for rank, item in enumerate(found[:k], start=1):
        if item in relevant:
            n_hits += 1
            gain += 1 / math.log2(rank + 1)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return n_hits / k, n_hits / len(relevant), gain / ideal


@given(
    users=st.lists(
        st.tuples(st.lists(ITEMS, max_size=DEPTH, unique=True), st.sets(ITEMS, min_size=1)), min_size=1, max_size=8
    ),
    k=st.integers(min_value=1, max_value=DEPTH),
)
def test_metrics_equal_the_slow_reference(users: list[tuple[list[int], set[int]]], k: int) -> None:
    """For any lists, empty ones included, all users' figures are those of the reference."""
    hits = np.zeros((len(users), DEPTH), dtype=np.bool_)
    for row, (found, relevant) in enumerate(users):
        hits[row, : len(found)] = [item in relevant for item in found]
    n_relevant = np.array([len(relevant) for _, relevant in users])
    fast = zip(precision_at_k(hits, k), recall_at_k(hits, n_relevant, k), ndcg_at_k(hits, n_relevant, k), strict=True)
    for figures, (found, relevant) in zip(fast, users, strict=True):
        assert figures == pytest.approx(_slow(found, relevant, k))


@given(
    marks=st.lists(st.booleans(), min_size=2, max_size=DEPTH),
    missed=st.integers(min_value=0, max_value=5),
    data=st.data(),
)
def test_ndcg_rises_when_a_hit_moves_up(marks: list[bool], missed: int, data: st.DataObject) -> None:
    """Swapping a miss with a hit right below it raises NDCG and leaves precision and recall alone."""
    place = data.draw(st.integers(min_value=0, max_value=len(marks) - 2))
    marks[place : place + 2] = [False, True]
    better = marks.copy()
    better[place : place + 2] = [True, False]
    k, n_relevant = len(marks), np.array([sum(marks) + missed] * 2)
    hits = np.array([marks, better])
    ndcg = ndcg_at_k(hits, n_relevant, k)
    assert 0 < ndcg[0] < ndcg[1] <= 1 + 1e-12
    assert len(set(precision_at_k(hits, k))) == len(set(recall_at_k(hits, n_relevant, k))) == 1
