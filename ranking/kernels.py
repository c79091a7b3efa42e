"""The kernels of the features: Numba functions over arrays, which import nothing of ours.

Each fills the rows of one group, in the order of its formulas. Divisions are of float32 numbers.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

Array = Any
"""An ndarray; a kernel is compiled for the dtypes that it is called with."""

CAN_KEEP = os.access(Path(__file__).parent, os.W_OK)
"""Whether what is compiled can be kept beside this file; where not, `ranking.compiling` keeps it in the home."""


@njit(cache=CAN_KEEP, nogil=True)
def fill_user_item(
    block: Array,
    wanted: Array,
    own: Array,
    facts: Array,
    shares: Array,
    decayed: Array,
    moments: Array,
    item_gap: Array,
    never: np.float32,
) -> None:
    """What the user did with each candidate.

    Parameters
    ----------
    block : ndarray of float32, shape (10 + n_windows + n_half_lives, n)
        Written.
    wanted : ndarray of int32, shape (n,)
        The candidates, ascending.
    own : ndarray of int32, shape (m,)
        The user's items, ascending.
    facts : ndarray of float32, shape (6, m)
        Number of events, days since the first and since the last, price, moments since the last, streak.
    shares, decayed : ndarray of float32, shapes (n_windows, m) and (n_half_lives, m)
    moments : ndarray of float32, shape (n_moments,)
        Days since each of the user's moments, oldest first.
    item_gap : ndarray of float32, shape (n_items,)
    never : float32
        The days since what did not happen.
    """
    place = 0
    for number in range(wanted.size):
        item = wanted[number]
        while place < own.size and own[place] < item:
            place += 1
        block[:, number] = 0
        if place == own.size or own[place] != item:
            block[1:4, number], block[4:6, number], block[8, number] = never, -1, never
            continue
        n_events, first, last = facts[0, place], facts[1, place], facts[2, place]
        usual = item_gap[item]
        own_gap = (first - last) / (n_events - np.float32(1)) if n_events > 1 else np.float32(0)
        gap = own_gap if n_events > 1 else usual
        block[0, number], block[1, number], block[2, number], block[3, number] = n_events, last, first, own_gap
        block[4, number] = last / max(gap, np.float32(0.5))
        block[5, number] = last / max(usual, np.float32(0.5))
        block[6, number] = n_events / np.float32(max(moments.size, 1))
        block[7, number] = n_events / np.float32(max(_n_since(moments, first), 1))
        block[8, number], block[9, number] = facts[4, place], facts[5, place]
        for row in range(shares.shape[0]):
            block[10 + row, number] = shares[row, place]
        for row in range(decayed.shape[0]):
            block[10 + shares.shape[0] + row, number] = decayed[row, place]


@njit(cache=CAN_KEEP, nogil=True)
def _n_since(moments: Array, days: np.float32) -> Any:
    """How many of some days, falling, are no more than a number."""
    low, high = 0, moments.size
    while low < high:
        middle = (low + high) // 2
        if moments[middle] > days:
            low = middle + 1
        else:
            high = middle
    return moments.size - low


@njit(cache=CAN_KEEP, nogil=True)
def descending_keys(score: Array) -> Array:
    """Numbers that sort a row's places by score, the largest first, the smaller place first among equals.

    The bits of a float32 number, read as a whole number, rise with it above zero and fall below: they are turned there.

    Parameters
    ----------
    score : ndarray of float32, shape (n_rows, n)

    Returns
    -------
    ndarray of int64, shape (n_rows, n)
        The place in the lower 32 bits.
    """
    keys = np.empty(score.shape, dtype=np.int64)
    for row in range(score.shape[0]):
        bits = score[row].view(np.int32)
        for place in range(score.shape[1]):
            rising = np.int64(bits[place]) if bits[place] >= 0 else -np.int64(bits[place] & 0x7FFFFFFF)
            keys[row, place] = (-rising << 32) + place
    return keys


@njit(cache=CAN_KEEP, nogil=True)
def fill_sources(
    block: Array,
    rank: Array,
    fused: Array,
    score: Array,
    largest: Array,
    mean: Array,
    is_voting: Array,
    keys: Array,
    unranked: np.float32,
) -> None:
    """What each source says of each candidate.

    Parameters
    ----------
    block : ndarray of float32, shape (3 * n_sources + 2 + 2 * n_voting, n)
        Written.
    rank : ndarray of float32, shape (n_sources, n)
        0 where a source did not find the item.
    fused : ndarray of float32, shape (n,)
    score, largest, mean : ndarray of float32, shape (n_sources, n)
    is_voting : ndarray of bool, shape (n_sources,)
    keys : ndarray of int64, shape (n_sources, n)
        `descending_keys` of the scores, sorted.
    unranked : float32
        The rank of an item that a source did not find.
    """
    n_sources, n = rank.shape
    for number in range(n):
        block[n_sources, number], block[n_sources + 1, number] = 0, fused[number]
    row = n_sources + 2
    for source in range(n_sources):
        for number in range(n):
            found = rank[source, number] > 0
            block[source, number] = rank[source, number] if found else unranked
            block[n_sources, number] += found
        _fill_shares(block[row], score[source])
        for place in range(n):
            block[row + 1, keys[source, place] & 0xFFFFFFFF] = place + 1
        row += 2
        if is_voting[source]:
            _fill_shares(block[row], largest[source])
            _fill_shares(block[row + 1], mean[source])
            row += 2


@njit(cache=CAN_KEEP, nogil=True)
def _fill_shares(shares: Array, score: Array) -> None:
    """Each score as a share of the best; 0 where none is above 0."""
    best = np.float32(0)
    for value in score:
        best = max(best, value)
    for place in range(score.size):
        shares[place] = score[place] / best if best > 0 else np.float32(0)


@njit(cache=CAN_KEEP, nogil=True)
def fill_items(
    block: Array,
    wanted: Array,
    rows: Array,
    n_plain: int,
    paid: np.float32,
    rhythm: Array,
    ends: Array,
    support: np.float32,
) -> None:
    """What everybody did with each candidate; the last rows hold ratios whose logarithm is still to be taken.

    Parameters
    ----------
    block : ndarray of float32, shape (n_plain + 1 + n_rhythms, n)
        Written.
    wanted : ndarray of int32, shape (n,)
    rows : ndarray of float32, shape (n_items, n_plain + 1 + n_parts)
        Of each item, behind one another: its features, its price, how much of it falls in each part of each rhythm.
    paid : float32
        The mean price of the user's items; 0 where unknown.
    rhythm : ndarray of float32, shape (n_parts,)
        How many of the user's moments fell in each part.
    ends : ndarray of int64, shape (n_rhythms,)
        Where each rhythm's parts end.
    support : float32
        So many moments weigh as much as no rhythm at all.
    """
    least = np.float32(1e-3)
    for item in wanted:  # all rows are on their way at once, where the loop below waits for each
        block[0, 0] += rows[item, 0] + rows[item, n_plain]
    for number in range(wanted.size):
        item = wanted[number]
        for column in range(n_plain):
            block[column, number] = rows[item, column]
        price, ratio = rows[item, n_plain], np.float32(1)
        if price > 0 and paid > 0:
            ratio = max(price, least) / max(paid, least)
        block[n_plain, number] = ratio
        part = 0
        for which in range(ends.size):
            matched, n_moments = np.float32(0), np.float32(0)
            while part < ends[which]:
                matched += rhythm[part] * rows[item, n_plain + 1 + part]
                n_moments += rhythm[part]
                part += 1
            block[n_plain + 1 + which, number] = (matched + support) / (n_moments + support)


@njit(cache=CAN_KEEP, nogil=True)
def fill_affinity(
    block: Array, group: Array, wanted: Array, own: Array, weight: Array, days: Array, never: np.float32
) -> None:
    """How much of the user's weight is in each candidate's group, and the days since the user's last item of it.

    Parameters
    ----------
    block : ndarray of float32, shape (2, n)
        Written.
    group : ndarray of int32, shape (n_items,)
        Below zero where an item has none.
    wanted : ndarray of int32, shape (n,)
    own : ndarray of int32, shape (m,)
        The user's items, with their weight and the days since the last of each.
    weight, days : ndarray of float32, shape (m,)
    never : float32
    """
    n_groups = 0
    for item in own:
        n_groups = max(n_groups, group[item] + 1)
    share, last, total = np.zeros(n_groups), np.full(n_groups, never), 0.0
    for place in range(own.size):
        total += weight[place]
        code = group[own[place]]
        if code >= 0:
            share[code] += weight[place]
            last[code] = min(last[code], days[place])
    for number in range(wanted.size):
        code = group[wanted[number]]
        is_known = 0 <= code < n_groups
        block[0, number] = share[code] / max(total, 1e-9) if is_known else 0.0
        block[1, number] = last[code] if is_known else never
