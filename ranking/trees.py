"""The kernel that scores trees: QuickScorer, a bit for each leaf and a mask for each inner node.

References
----------
Lucchese et al., "QuickScorer: a Fast Algorithm to Rank Documents with Additive Ensembles of Regression Trees", 2015.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

Array = Any
"""An ndarray; the kernel is compiled for the dtypes that it is called with."""

CAN_KEEP = os.access(Path(__file__).parent, os.W_OK)
"""Whether what is compiled can be kept beside this file; where not, `ranking.compiling` keeps it in the home."""


DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
BIT_OF = np.zeros(64, dtype=np.int32)
"""Which bit a word of one bit has, by the six highest bits of its product with `DE_BRUIJN` (Leiserson et al., 1998)."""
for _bit in range(64):
    BIT_OF[(int(DE_BRUIJN) << _bit & (2**64 - 1)) >> 58] = _bit


@njit(cache=CAN_KEEP, nogil=True)
def score_trees(
    columns: Array,
    feature: Array,
    threshold: Array,
    mask: Array,
    first_node: Array,
    leaf_value: Array,
    first_leaf: Array,
    all_leaves: Array,
    score: Array,
) -> None:
    """Add up the trees' values for each row, tree after tree.

    A row's leaf is the lowest bit that is left when the masks of all nodes whose threshold the row exceeds are put over
    it. Rows stand innermost, so that the loop over them is one of vector instructions.

    Parameters
    ----------
    columns : ndarray of float32, shape (n_features, n_rows)
        None missing.
    feature : ndarray of int32, shape (n_nodes,)
    threshold : ndarray of float32, shape (n_nodes,)
    mask : ndarray of uint32 or uint64, shape (n_nodes,)
        Zero at the leaves below the left child.
    first_node, first_leaf : ndarray of int32, shape (n_trees + 1,)
        Where each tree's nodes and leaves begin.
    leaf_value : ndarray of float64, shape (n_leaves,)
        A tree's leaves from left to right.
    all_leaves : uint32 or uint64
        Every bit set.
    score : ndarray of float64, shape (n_rows,)
        Written.
    """
    n_rows = columns.shape[1]
    left = np.empty(n_rows, dtype=mask.dtype)
    for row in range(n_rows):
        score[row] = 0.0
    for tree in range(first_node.size - 1):
        for row in range(n_rows):
            left[row] = all_leaves
        for node in range(first_node[tree], first_node[tree + 1]):
            values, limit, kept = columns[feature[node]], threshold[node], mask[node]
            for row in range(n_rows):
                left[row] &= kept if values[row] > limit else all_leaves
        for row in range(n_rows):
            bits = np.uint64(left[row])
            lowest = bits & (~bits + np.uint64(1))
            score[row] += leaf_value[first_leaf[tree] + BIT_OF[(lowest * DE_BRUIJN) >> np.uint64(58)]]
