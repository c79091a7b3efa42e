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
    neighbors: Array, similarity: Array, voters: Array, weight: Array, place: Array
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
    place : ndarray of int32, shape (n_items,)
        A workspace, -1 everywhere; it is so again afterwards.

    Returns
    -------
    voted : ndarray of int32, shape (n,)
        The distinct neighbours with a vote other than 0, ascending.
    total, largest, mean : ndarray of float32, shape (n,)
        The sum of an item's votes, the largest above 0, and the sum over the number of those above 0.
    """
    voted = _voted(neighbors, similarity, voters, weight, place)
    total, largest = np.zeros(voted.size, dtype=np.float64), np.zeros(voted.size, dtype=np.float32)
    count = np.zeros(voted.size, dtype=np.float32)
    for row in range(voters.size):
        for rank in range(neighbors.shape[1]):
            item, vote = neighbors[voters[row], rank], similarity[voters[row], rank] * weight[row]
            if item >= 0 and vote != 0:
                number = place[item]
                total[number] += vote
                if vote > 0:
                    largest[number] = max(largest[number], vote)
                    count[number] += np.float32(1.0)
    sums, mean = total.astype(np.float32), np.empty(voted.size, dtype=np.float32)
    for number in range(voted.size):
        mean[number] = sums[number] / max(count[number], np.float32(1.0))
        place[voted[number]] = -1
    return voted, sums, largest, mean


@njit(cache=CAN_KEEP, nogil=True)
def _voted(neighbors: Array, similarity: Array, voters: Array, weight: Array, place: Array) -> Array:
    """The items that are voted for, ascending, by a bit each; `place` then says where each stands."""
    seen = np.zeros((place.size + 63) >> 6, dtype=np.uint64)
    n = 0
    for row in range(voters.size):
        for rank in range(neighbors.shape[1]):
            item = neighbors[voters[row], rank]
            if item >= 0 and place[item] < 0 and similarity[voters[row], rank] * weight[row] != 0:
                place[item] = 0
                seen[item >> 6] |= np.uint64(1) << np.uint64(item & 63)
                n += 1
    voted = np.empty(n, dtype=np.int32)
    n = 0
    for word in range(seen.size):
        bits = seen[word]
        while bits:
            lowest = bits & (~bits + np.uint64(1))
            voted[n] = (word << 6) + BIT_OF[(lowest * DE_BRUIJN) >> np.uint64(58)]
            place[voted[n]] = n
            bits ^= lowest
            n += 1
    return voted
