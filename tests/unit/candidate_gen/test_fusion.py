"""What a source's rank is worth."""

import numpy as np

from candidate_gen.fusion import EDGES, Fusion, fit_fusion, reciprocal_ranks


def test_reciprocal_ranks_by_hand() -> None:
    """Each source that ranks an item adds ``1 / (60 + rank)``."""
    rank = np.array([[1, 0], [3, 2], [0, 0], [0, 1]], dtype=np.float32)
    np.testing.assert_allclose(reciprocal_ranks(rank), [1 / 61 + 1 / 63, 1 / 62 + 1 / 61], rtol=1e-6)


def test_chances_join_as_independent_ones() -> None:
    """An item's score is the chance that not every source that found it is wrong."""
    chance = np.tile(np.array([[0.5], [0.2]], dtype=np.float32), len(EDGES))
    rank = np.array([[1, 7, 0, 0], [1, 0, 300, 0]], dtype=np.float32)
    np.testing.assert_allclose(Fusion(chance).score(rank), [1 - 0.5 * 0.8, 0.5, 0.2, 0], atol=1e-4)


def test_a_source_that_hits_counts_more_and_falls_with_the_rank() -> None:
    """The source whose first finds are wanted has a high chance there, falling; one that never hits has none."""
    good, bad = np.arange(100, dtype=np.int32), np.arange(500, 600, dtype=np.int32)
    fusion = fit_fusion(2, [([good, bad], good[:10])] * 200)
    assert fusion.chance.shape == (2, len(EDGES))
    assert fusion.chance[0, 0] > 0.8
    assert fusion.chance[0, -1] < 0.2
    assert (np.diff(fusion.chance, axis=1) <= 1e-9).all()
    assert fusion.chance[1].max() == 0
    score = fusion.score(np.array([[1, 5, 90, 0], [0, 0, 0, 1]], dtype=np.float32))
    assert (np.diff(score) < 0).all()


def test_nobody_to_measure_on_gives_no_chance() -> None:
    """Without answers every chance is 0."""
    assert not fit_fusion(3, []).chance.any()
