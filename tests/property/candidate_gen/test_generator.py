"""Candidates, over all masks."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candidate_gen.profile import build_profile
from ranking.recommender import Recommender


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(user=st.integers(0, 199), share=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_candidates_keep_to_the_mask(small_recommender: Recommender, user: int, share: float, seed: int) -> None:
    """Whatever is allowed, candidates are allowed, ascending and distinct, and ranks run from 1 in every source."""
    allowed = np.random.default_rng(seed).random(len(small_recommender.table.items)) < share
    generator = small_recommender.two_stage.generator
    found = generator.candidates(build_profile(small_recommender.history(f"user-{user:03}")), allowed)
    assert allowed[found.item_idx].all()
    assert (np.diff(found.item_idx) > 0).all()
    for source, ranks in zip(found.sources, found.rank, strict=True):
        given_ranks = np.sort(ranks[ranks > 0])
        np.testing.assert_array_equal(given_ranks, np.arange(1, len(given_ranks) + 1), err_msg=source)
    assert len(found) >= min(int(allowed.sum()), generator.limits[-1])
