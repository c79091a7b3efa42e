"""Alternating least squares in blocks of rows gives the factors of one machine, number for number."""

from types import SimpleNamespace

import numpy as np
import pytest
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix, random, vstack
from spark import needs_spark

from candidate_gen.spark_als import SparkAls, blocks_of, solved
from shortlist.cluster import SparkConfig, cluster, running_cluster

SETTINGS = {"factors": 16, "regularization": 3.0, "alpha": 5.0, "iterations": 4, "random_state": 7}


def matrix(n_users: int = 300, n_items: int = 90) -> csr_matrix:
    """Weights of users and items, some users without any."""
    drawn = random(n_users, n_items, density=0.08, format="csr", dtype=np.float32, random_state=3)
    drawn.data += 0.1
    return vstack([drawn[:100], csr_matrix((20, n_items), dtype=np.float32), drawn[100:]], format="csr")


@pytest.mark.parametrize("n_blocks", [1, 2, 7, 1_000])
def test_blocks_are_the_matrix(n_blocks: int) -> None:
    """Every row is in one block, in order, and no block has all of the entries."""
    whole = matrix()
    firsts, blocks = zip(*blocks_of(whole, n_blocks), strict=True)
    assert (vstack(blocks) != whole).nnz == 0
    np.testing.assert_array_equal(firsts, np.cumsum([0, *[block.shape[0] for block in blocks[:-1]]]))
    assert max(block.nnz for block in blocks) <= whole.nnz / n_blocks + whole.shape[1]


def test_a_step_in_blocks_is_the_step() -> None:
    """A block's rows depend on nothing but the other side's factors."""
    whole = matrix()
    model = AlternatingLeastSquares(**SETTINGS)
    model.fit(whole, show_progress=False)
    before, others = model.user_factors.copy(), model.item_factors
    model.solver(whole, model.user_factors, others, 3.0, num_threads=1)
    shared = SimpleNamespace(value=(before, others))
    parts = [solved(block, shared, regularization=3.0, cg_steps=model.cg_steps) for block in blocks_of(whole, 5)]
    np.testing.assert_array_equal(np.concatenate([factors for _, factors in parts]), model.user_factors)


@pytest.mark.slow
@needs_spark
def test_a_cluster_fits_what_one_machine_fits() -> None:
    """Users' and items' factors are equal, and the cluster holds nothing of the fit when it is over."""
    whole = matrix()
    alone = AlternatingLeastSquares(**SETTINGS)
    alone.fit(whole, show_progress=False)
    with cluster(SparkConfig(master="local[2]")):
        spark = running_cluster()
        assert spark is not None
        model = SparkAls(spark, **SETTINGS)
        model.fit(whole, show_progress=False)
        assert not spark.sparkContext._jsc.getPersistentRDDs()
    np.testing.assert_array_equal(model.user_factors, alone.user_factors)
    np.testing.assert_array_equal(model.item_factors, alone.item_factors)
