"""Alternating least squares on a Spark cluster: `implicit`'s own solver, a block of rows at a time.

One half of a step solves each row of a matrix on its own against the other side's factors, which every worker is sent.
So blocks give what one machine gives, number for number, where the workers' linear algebra is the same.
"""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from implicit.cpu import _als
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from candidate_gen.source import Float32

if TYPE_CHECKING:
    from pyspark import RDD, Broadcast
    from pyspark.sql import SparkSession

BLOCKS_OF_A_CORE: Final = 3


class SparkAls(AlternatingLeastSquares):  # type: ignore[misc]  # untyped
    """`implicit`'s model, fitted on a cluster; the matrix, the factors and the random start are the driver's.

    Parameters
    ----------
    spark : SparkSession
    settings
        As `implicit` takes them.
    """

    def __init__(self, spark: "SparkSession", **settings: Any) -> None:
        super().__init__(**settings)
        self._spark = spark
        self._blocks: dict[int, RDD[tuple[int, csr_matrix]]] = {}

    def fit(self, user_items: csr_matrix, **options: Any) -> None:
        """Fit the factors, as `implicit` does."""
        try:
            super().fit(user_items, **options)
        finally:
            for blocks in self._blocks.values():
                blocks.unpersist()
            self._blocks.clear()

    @property
    def solver(self) -> Any:
        """One half of a step: ``solve(matrix, factors, others, regularization, num_threads)``, `factors` in place."""
        return self._solve

    def _solve(
        self, matrix: csr_matrix, factors: Float32, others: Float32, regularization: float, num_threads: int
    ) -> None:
        del num_threads  # a core each
        shared = self._spark.sparkContext.broadcast((factors, others))
        solve = partial(solved, shared=shared, regularization=regularization, cg_steps=self.cg_steps)
        for first, block in self._cut(matrix).map(solve).collect():
            factors[first : first + len(block)] = block
        shared.destroy()

    def _cut(self, matrix: csr_matrix) -> "RDD[tuple[int, csr_matrix]]":
        """Blocks of rows with about as many entries each, kept by the workers: a fit has two matrices."""
        if id(matrix) not in self._blocks:
            context = self._spark.sparkContext
            n_blocks = BLOCKS_OF_A_CORE * context.defaultParallelism
            self._blocks[id(matrix)] = context.parallelize(list(blocks_of(matrix, n_blocks)), n_blocks).cache()
        return self._blocks[id(matrix)]


def blocks_of(matrix: csr_matrix, n_blocks: int) -> Iterator[tuple[int, csr_matrix]]:
    """At most so many stretches of rows, each with its first row, with about as many entries each."""
    wanted = np.linspace(0, matrix.nnz, n_blocks + 1)[1:-1]
    bounds = np.unique([0, *np.searchsorted(matrix.indptr, wanted), matrix.shape[0]])
    for first, end in pairwise(bounds):
        yield int(first), matrix[first:end]


def solved(
    block: tuple[int, csr_matrix], shared: "Broadcast[tuple[Float32, Float32]]", regularization: float, cg_steps: int
) -> tuple[int, Float32]:
    """The factors of a block of rows after half a step, with its first row."""
    (first, matrix), (factors, others) = block, shared.value
    own = factors[first : first + matrix.shape[0]].copy()
    with threadpool_limits(1, user_api="blas"):
        _als.least_squares_cg(matrix, own, others, regularization, num_threads=1, cg_steps=cg_steps)
    return first, own
