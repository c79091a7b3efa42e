"""The kernels of stage one against plain numpy and scipy."""

import numpy as np
import plain_stage_one
import pytest
from scipy.sparse import random_array

from candidate_gen.fusion import EDGES, Fusion, reciprocal_ranks
from candidate_gen.generator import _best_ascending, _merged
from candidate_gen.kernels import add_up_rows, best_places, inner_products, look_up
from candidate_gen.sparse import SparseScores


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_a_sparse_matrix_add_up(seed: int) -> None:
    """Against scipy's product: the columns that any row has, ascending; the workspace is clean again."""
    draw = np.random.default_rng(seed)
    n_rows, n_columns = (int(n) for n in draw.integers(1, 200, 2))
    matrix = random_array((n_rows, n_columns), density=0.1, format="csr", dtype=np.float32, rng=draw)
    rows = draw.choice(n_rows, size=int(draw.integers(0, n_rows + 1)), replace=False)
    weight = draw.random(len(rows)).astype(np.float32)
    workspace = np.zeros(n_columns + 1, dtype=np.float32)
    found, sums = add_up_rows(matrix.indptr, matrix.indices, matrix.data, rows, weight, workspace)
    wanted = np.zeros(n_columns)
    for row, strength in zip(rows, weight, strict=True):
        wanted += matrix[[int(row)]].toarray()[0] * strength
    assert found.tolist() == sorted({int(one) for row in rows for one in matrix[[int(row)]].indices})
    np.testing.assert_allclose(sums, wanted[found], rtol=1e-6)
    assert not workspace[:-1].any()


def test_scores_of_a_few_items() -> None:
    """Found by score and then position, and 0 for all others; a mask takes items out."""
    scores = SparseScores(np.array([2, 5, 7, 9], np.int32), np.array([1, 3, 3, 0], np.float32))
    assert scores.best(9, None).tolist() == [5, 7, 2]
    assert scores.best(1, None).tolist() == [5]
    allowed = np.ones(10, dtype=np.bool_)
    allowed[5] = False
    assert scores.best(9, allowed).tolist() == [7, 2]
    assert scores.of_items(np.array([0, 2, 7, 8, 9], np.int32)).tolist() == [0, 1, 3, 0, 0]
    nothing = SparseScores.none()
    assert (nothing.best(3, None).tolist(), nothing.of_items(np.array([1], np.int32)).tolist()) == ([], [0])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_best_places_are_those_of_a_stable_sort(seed: int, dtype: type) -> None:
    """With many ties: those above a bound, best first, the smaller place first; or in the order of their places."""
    draw = np.random.default_rng(seed)
    scores = draw.integers(-5, 8, int(draw.integers(1, 200))).astype(dtype)
    for n in (0, 1, 7, len(scores), len(scores) + 3):
        np.testing.assert_array_equal(best_places(scores, n, 0.0), plain_stage_one.best(scores, n))
        np.testing.assert_array_equal(best_places(scores, n, -np.inf), plain_stage_one.best(scores, n, -np.inf))
    n = int(draw.integers(1, len(scores) + 1))
    np.testing.assert_array_equal(_best_ascending(scores, n), np.sort(plain_stage_one.best(scores, n, -np.inf)))


@pytest.mark.parametrize("seed", range(20))
def test_finds_are_merged_and_their_ranks_fused(seed: int) -> None:
    """Against numpy; a source may find nothing, and ranks go beyond the last that was measured."""
    draw = np.random.default_rng(seed)
    n_sources, n_items = 4, 500
    found = [draw.permutation(n_items)[: draw.integers(0, 300)].astype(np.int32) for _ in range(n_sources)]
    item_idx, rank = _merged(found, n_items)
    wanted_items, wanted_rank = plain_stage_one.merged(found)
    np.testing.assert_array_equal(item_idx, wanted_items)
    np.testing.assert_array_equal(rank, wanted_rank)
    chance = -np.sort(-draw.random((n_sources, len(EDGES))), axis=1).astype(np.float32)
    np.testing.assert_allclose(Fusion(chance).score(rank), plain_stage_one.fused(rank, chance), rtol=1e-5)
    np.testing.assert_array_equal(reciprocal_ranks(rank), plain_stage_one.reciprocal(rank))


@pytest.mark.parametrize("seed", range(10))
def test_values_are_looked_up_in_any_order(seed: int) -> None:
    """By item, 0 where an item has none, whatever the order in which they are asked for."""
    draw = np.random.default_rng(seed)
    values = np.zeros((2, 50), dtype=np.float32)
    items = np.sort(draw.permutation(50)[: draw.integers(0, 51)]).astype(np.int32)
    values[:, items] = draw.random((2, len(items)))
    wanted = draw.integers(0, 50, 80).astype(np.int32)
    for order in (wanted, np.sort(wanted)):
        np.testing.assert_array_equal(look_up(items, values[:, items], order), values[:, order])


@pytest.mark.parametrize("n_factors", [1, 7, 64, 129])
def test_inner_products_are_numpy_s(n_factors: int) -> None:
    """Also of an item twice, and of none; each the same whichever others are asked for."""
    draw = np.random.default_rng(n_factors)
    factors = draw.normal(size=(50, n_factors)).astype(np.float32)
    asked = draw.normal(size=n_factors).astype(np.float32)
    items = np.array([3, 49, 0, 3], dtype=np.int32)
    found = inner_products(factors, items, asked)
    np.testing.assert_allclose(found, factors[items] @ asked, rtol=1e-5, atol=1e-5)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(inner_products(factors, items[1:], asked), found[1:])
    assert inner_products(factors, items[:0], asked).shape == (0,)
