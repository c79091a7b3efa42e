"""Lists, over all masks and lengths."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ranking.recommender import Recommender
from ranking.two_stage import ListRequest

SETTINGS = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("stage", ["full", "retrieval"])
@SETTINGS
@given(
    user=st.integers(0, 220),
    n=st.integers(0, 130),
    share=st.one_of(st.none(), st.floats(0, 1)),
    seed=st.integers(0, 2**32 - 1),
)
def test_lists_keep_their_promises(
    small_recommender: Recommender, stage, user: int, n: int, share: float | None, seed: int
) -> None:
    """A list is as long as asked for or as allowed, holds nothing twice or forbidden, and its scores fall in (0, 1]."""
    n_items = len(small_recommender.table.items)
    allowed = None if share is None else np.random.default_rng(seed).random(n_items) < share
    request = ListRequest(small_recommender.history(f"user-{user:03}"), n, allowed)
    ranked = small_recommender.two_stage.rank(request, stage)
    n_allowed = n_items if allowed is None else int(allowed.sum())
    assert len(ranked.item_idx) == len(ranked.score) == min(n, n_allowed)
    assert len(np.unique(ranked.item_idx)) == len(ranked.item_idx)
    assert allowed is None or allowed[ranked.item_idx].all()
    assert (np.diff(ranked.score) <= 0).all()
    assert ((ranked.score > 0) & (ranked.score <= 1)).all()
    assert (ranked.item_idx.dtype, ranked.score.dtype) == (np.int32, np.float32)
    assert ranked.is_personal == (user < 200)
