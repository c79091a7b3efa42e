"""The kernels of stage one against plain numpy and scipy."""

import numpy as np
import pytest
from scipy.sparse import random_array

from candidate_gen.kernels import add_up_rows
from candidate_gen.sparse import SparseScores


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_a_sparse_matrix_add_up(seed: int) -> None:
    """Against scipy's product: the columns that any row has, ascending; the workspace is clean again."""
    draw = np.random.default_rng(seed)
    n_rows, n_columns = (int(n) for n in draw.integers(1, 200, 2))
    matrix = random_array((n_rows, n_columns), density=0.1, format="csr", dtype=np.float32, rng=draw)
    rows = draw.choice(n_rows, size=int(draw.integers(0, n_rows + 1)), replace=False)
    weight = draw.random(len(rows)).astype(np.float32)
    workspace = np.zeros(n_columns)
    found, sums = add_up_rows(matrix.indptr, matrix.indices, matrix.data, rows, weight, workspace)
    wanted = np.zeros(n_columns)
    for row, strength in zip(rows, weight, strict=True):
        wanted += matrix[[int(row)]].toarray()[0] * strength
    assert found.tolist() == sorted({int(one) for row in rows for one in matrix[[int(row)]].indices})
    np.testing.assert_allclose(sums, wanted[found], rtol=1e-6)
    assert not workspace.any()


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
