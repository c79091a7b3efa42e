"""The kernels of stage one: Numba functions over arrays, which import nothing of ours."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

Array = Any
"""An ndarray; a kernel is compiled for the dtypes that it is called with."""

CAN_KEEP = os.access(Path(__file__).parent, os.W_OK)
"""Whether what is compiled can be kept beside this file; where not, each process compiles it when it loads a bundle."""


DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
BIT_OF = np.zeros(64, dtype=np.int32)
"""Which bit a word of one bit has, by the six highest bits of its product with `DE_BRUIJN` (Leiserson et al., 1998)."""
for _bit in range(64):
    BIT_OF[(int(DE_BRUIJN) << _bit & (2**64 - 1)) >> 58] = _bit


@njit(cache=CAN_KEEP, nogil=True)
def add_up_votes(
    neighbors: Array, similarity: Array, voters: Array, weight: Array, total: Array, largest: Array, count: Array
) -> tuple[Array, Array, Array, Array]:
    """Let items vote for their neighbours, ``similarity * weight`` each, and add up by neighbour.

    Sums are of float64, voter after voter and neighbour after neighbour.

    Parameters
    ----------
    neighbors : ndarray of int32, shape (n_items, n_neighbors)
        Below zero where there is none.
    similarity : ndarray of float32, same shape
    voters : ndarray of int, shape (n_voters,)
    weight : ndarray of float32, shape (n_voters,)
    total, largest, count : ndarray of float64, float32 and int32, shape (n_items,)
        A workspace, 0 everywhere; it is so again afterwards.

    Returns
    -------
    voted : ndarray of int32, shape (n,)
        The distinct neighbours with a vote other than 0, ascending.
    sums, most, mean : ndarray of float32, shape (n,)
        The sum of an item's votes, the largest above 0, and the sum over the number of those above 0.
    """
    seen = np.zeros((total.size + 63) >> 6, dtype=np.uint64)
    for row in range(voters.size):
        voter, strength = voters[row], weight[row]
        for rank in range(neighbors.shape[1]):
            item, vote = neighbors[voter, rank], similarity[voter, rank] * strength
            if item >= 0 and vote != 0:
                seen[item >> 6] |= np.uint64(1) << np.uint64(item & 63)
                total[item] += vote
                if vote > 0:
                    largest[item] = max(largest[item], vote)
                    count[item] += 1
    voted = _numbers(seen)
    sums, most = np.empty(voted.size, dtype=np.float32), np.empty(voted.size, dtype=np.float32)
    mean = np.empty(voted.size, dtype=np.float32)
    for number in range(voted.size):
        item = voted[number]
        sums[number], most[number] = total[item], largest[item]
        mean[number] = sums[number] / np.float32(max(count[item], 1))
        total[item], largest[item], count[item] = 0.0, 0.0, 0
    return voted, sums, most, mean


@njit(cache=CAN_KEEP, nogil=True)
def add_up_rows(
    starts: Array, columns: Array, values: Array, rows: Array, weight: Array, total: Array
) -> tuple[Array, Array]:
    """Add up some rows of a sparse matrix, each times its weight.

    Sums are of float64, row after row.

    Parameters
    ----------
    starts : ndarray of int, shape (n_rows + 1,)
    columns : ndarray of int, shape (n,)
    values : ndarray of float32, shape (n,)
    rows : ndarray of int, shape (n_chosen,)
    weight : ndarray of float32, shape (n_chosen,)
    total : ndarray of float64, shape (n_columns,)
        A workspace, 0 everywhere; it is so again afterwards.

    Returns
    -------
    found : ndarray of int32, shape (n,)
        The distinct columns that any of the rows has, ascending.
    sums : ndarray of float32, shape (n,)
    """
    seen = np.zeros((total.size + 63) >> 6, dtype=np.uint64)
    for number in range(rows.size):
        row, strength = rows[number], weight[number]
        for place in range(starts[row], starts[row + 1]):
            column = columns[place]
            seen[column >> 6] |= np.uint64(1) << np.uint64(column & 63)
            total[column] += values[place] * strength
    found = _numbers(seen)
    sums = np.empty(found.size, dtype=np.float32)
    for number in range(found.size):
        sums[number] = total[found[number]]
        total[found[number]] = 0.0
    return found, sums


@njit(cache=CAN_KEEP, nogil=True)
def _numbers(seen: Array) -> Array:
    """The numbers whose bits are set, int32, ascending."""
    n = 0
    for word in range(seen.size):
        bits = seen[word]
        while bits:
            bits &= bits - np.uint64(1)
            n += 1
    numbers = np.empty(n, dtype=np.int32)
    n = 0
    for word in range(seen.size):
        bits = seen[word]
        while bits:
            lowest = bits & (~bits + np.uint64(1))
            numbers[n] = (word << 6) + BIT_OF[(lowest * DE_BRUIJN) >> np.uint64(58)]
            bits ^= lowest
            n += 1
    return numbers
