"""The kernels of stage one: Numba functions over arrays, which import nothing of ours."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

Array = Any
"""An ndarray; a kernel is compiled for the dtypes that it is called with."""

CAN_KEEP = os.access(Path(__file__).parent, os.W_OK)
"""Whether what is compiled can be kept beside this file; where not, `ranking.compiling` keeps it in the home."""


CACHE_LINE_VALUES = 16
"""How many values of four bytes lie in 64."""

DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
BIT_OF = np.zeros(64, dtype=np.int32)
"""Which bit a word of one bit has, by the six highest bits of its product with `DE_BRUIJN` (Leiserson et al., 1998)."""
for _bit in range(64):
    BIT_OF[(int(DE_BRUIJN) << _bit & (2**64 - 1)) >> 58] = _bit


@njit(cache=CAN_KEEP, nogil=True)
def add_up_votes(
    neighbors: Array, similarity: Array, voters: Array, weight: Array, tally: Array
) -> tuple[Array, Array]:
    """Let items vote for their neighbours, ``similarity * weight`` each, and add up by neighbour.

    Sums are of float32, voter after voter and neighbour after neighbour.

    Parameters
    ----------
    neighbors : ndarray of int32, shape (n_items, n_neighbors)
        Below zero where there is none.
    similarity : ndarray of float32, same shape
    voters : ndarray of int, shape (n_voters,)
    weight : ndarray of float32, shape (n_voters,)
    tally : ndarray of float32, shape (n_items, 4)
        A workspace; the first three are 0 everywhere, and are so again afterwards. An item's sum, largest vote and
        number of votes lie in one line of the processor's cache.

    Returns
    -------
    voted : ndarray of int32, shape (n,)
        The distinct neighbours with a vote other than 0, ascending.
    said : ndarray of float32, shape (3, n)
        The sum of an item's votes, the largest above 0, and the sum over the number of those above 0.
    """
    seen = np.zeros((tally.shape[0] + 63) >> 6, dtype=np.uint64)
    tally[:1, 3] = _touched(neighbors, voters) + _touched(similarity, voters)
    for row in range(voters.size):
        voter, strength = voters[row], weight[row]
        for rank in range(neighbors.shape[1]):
            item, vote = neighbors[voter, rank], similarity[voter, rank] * strength
            if item >= 0 and vote != 0:
                seen[item >> 6] |= np.uint64(1) << np.uint64(item & 63)
                tally[item, 0] += vote
                tally[item, 1] = max(tally[item, 1], vote)
                tally[item, 2] += vote > 0
    voted = _numbers(seen)
    said = np.empty((3, voted.size), dtype=np.float32)
    for number in range(voted.size):
        item = voted[number]
        said[0, number], said[1, number] = tally[item, 0], tally[item, 1]
        said[2, number] = said[0, number] / max(tally[item, 2], np.float32(1.0))
        tally[item, 0], tally[item, 1], tally[item, 2] = 0.0, 0.0, 0.0
    return voted, said


@njit(cache=CAN_KEEP, nogil=True)
def _touched(matrix: Array, rows: Array) -> np.float32:
    """Read one value of each cache line of some rows, and add them up lest the compiler leave it out.

    So all the lines are on their way at once, where a loop that uses each row waits for the memory row by row.
    """
    total = np.float32(0.0)
    for row in rows:
        for column in range(0, matrix.shape[1], CACHE_LINE_VALUES):
            total += np.float32(matrix[row, column])
    return total


@njit(cache=CAN_KEEP, nogil=True)
def add_up_rows(
    starts: Array, columns: Array, values: Array, rows: Array, weight: Array, total: Array
) -> tuple[Array, Array]:
    """Add up some rows of a sparse matrix, each times its weight.

    Sums are of float32, row after row.

    Parameters
    ----------
    starts : ndarray of int, shape (n_rows + 1,)
    columns : ndarray of int, shape (n,)
    values : ndarray of float32, shape (n,)
    rows : ndarray of int, shape (n_chosen,)
    weight : ndarray of float32, shape (n_chosen,)
    total : ndarray of float32, shape (n_columns + 1,)
        A workspace; all but the last are 0, and are so again afterwards.

    Returns
    -------
    found : ndarray of int32, shape (n,)
        The distinct columns that any of the rows has, ascending.
    sums : ndarray of float32, shape (n,)
    """
    seen = np.zeros((total.size + 63) >> 6, dtype=np.uint64)
    for row in rows:  # as `_touched` does
        for place in range(starts[row], starts[row + 1], CACHE_LINE_VALUES):
            total[-1] += np.float32(columns[place]) + values[place]
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


@njit(cache=CAN_KEEP, nogil=True, fastmath={"reassoc", "contract"})
def inner_products(factors: Array, items: Array, asked: Array) -> Array:
    """The inner product of some items' factors with one, read where they lie; the sum's order is the processor's.

    Parameters
    ----------
    factors : ndarray of float32, shape (n_items, n_factors)
    items : ndarray of int32, shape (n,)
    asked : ndarray of float32, shape (n_factors,)

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    products = np.empty(items.size, dtype=np.float32)
    for number in range(items.size):
        item, product = items[number], np.float32(0.0)
        for place in range(asked.size):
            product += factors[item, place] * asked[place]
        products[number] = product
    return products


@njit(cache=CAN_KEEP, nogil=True)
def look_up(items: Array, values: Array, wanted: Array) -> Array:
    """The values of some items, 0 where there are none.

    Parameters
    ----------
    items : ndarray of int32, shape (n,)
        Ascending.
    values : ndarray of float32, shape (n_rows, n)
    wanted : ndarray of int32, shape (n_wanted,)
        Fastest when ascending.

    Returns
    -------
    ndarray of float32, shape (n_rows, n_wanted)
    """
    found = np.zeros((values.shape[0], wanted.size), dtype=np.float32)
    place = 0
    for number in range(wanted.size):
        item = wanted[number]
        if number and item < wanted[number - 1]:
            place = 0
        while place < items.size and items[place] < item:
            place += 1
        if place < items.size and items[place] == item:
            for row in range(values.shape[0]):
                found[row, number] = values[row, place]
    return found


@njit(cache=CAN_KEEP, nogil=True)
def best_places(score: Array, n: int, above: float) -> Array:
    """The places of the `n` largest scores over a bound, best first, the smaller place first among equals.

    A heap holds the best so far with the worst of them on top: O(n_scores + n log n) where scores come in any order.

    Parameters
    ----------
    score : ndarray of float, shape (n_scores,)

    Returns
    -------
    ndarray of int64, shape (<= n,)
    """
    places, scores = np.empty(min(n, score.size), dtype=np.int64), np.empty(min(n, score.size), dtype=score.dtype)
    start, size = 0, 0
    while start < score.size and size < places.size:
        if score[start] > above:
            places[size], scores[size] = start, score[start]
            size += 1
        start += 1
    for top in range(size // 2 - 1, -1, -1):
        _sink(places, scores, size, top, places[top], scores[top])
    for place in range(start if size else score.size, score.size):
        if score[place] > scores[0]:
            _sink(places, scores, size, 0, place, score[place])
    for last in range(size - 1, 0, -1):
        place, value = places[last], scores[last]
        places[last], scores[last] = places[0], scores[0]
        _sink(places, scores, last, 0, place, value)
    return places[:size]


@njit(cache=CAN_KEEP, nogil=True)
def _sink(places: Array, scores: Array, size: int, top: int, place: int, score: float) -> None:
    """Let a place sink from the top of a heap, where the worst is above: of the smallest score, of equals the last."""
    while 2 * top + 1 < size:
        child = 2 * top + 1
        if child + 1 < size:
            least, other = scores[child], scores[child + 1]
            child += other < least or (other == least and places[child + 1] > places[child])
        if scores[child] > score or (scores[child] == score and places[child] < place):
            break
        places[top], scores[top] = places[child], scores[child]
        top = child
    places[top], scores[top] = place, score


@njit(cache=CAN_KEEP, nogil=True)
def merge_finds(found: Array, starts: Array, place: Array) -> tuple[Array, Array]:
    """The distinct items that several sources found, and at which rank each found them.

    Parameters
    ----------
    found : ndarray of int32, shape (n_found,)
        What each source found, best first, one source behind the other.
    starts : ndarray of int64, shape (n_sources + 1,)
        Where each source's begins.
    place : ndarray of int32, shape (n_items,)
        A workspace that may hold anything.

    Returns
    -------
    item_idx : ndarray of int32, shape (n,)
        Ascending.
    rank : ndarray of float32, shape (n_sources, n)
        From 1; 0 where a source did not find the item.
    """
    seen = np.zeros((place.size + 63) >> 6, dtype=np.uint64)
    for item in found:
        seen[item >> 6] |= np.uint64(1) << np.uint64(item & 63)
    item_idx = _numbers(seen)
    for number in range(item_idx.size):
        place[item_idx[number]] = number
    rank = np.zeros((starts.size - 1, item_idx.size), dtype=np.float32)
    for source in range(starts.size - 1):
        for number in range(starts[source], starts[source + 1]):
            rank[source, place[found[number]]] = number - starts[source] + 1
    return item_idx, rank


@njit(cache=CAN_KEEP, nogil=True)
def fuse_ranks(rank: Array, missed: Array, constant: np.float32, weight: np.float32) -> Array:
    """``1 - product of missed[source, rank] + weight * sum of 1 / (constant + rank)`` over the sources that found it.

    Parameters
    ----------
    rank : ndarray of float32, shape (n_sources, n)
        0 where a source did not find the item.
    missed : ndarray of float64, shape (n_sources, n_ranks + 1)
        By rank, the last entry standing for all later ones.
    constant, weight : float32

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    fused = np.empty(rank.shape[1], dtype=np.float32)
    for item in range(rank.shape[1]):
        product, reciprocal = 1.0, np.float32(0.0)
        for source in range(rank.shape[0]):
            at = rank[source, item]
            if at > 0:
                product *= missed[source, min(int(at), missed.shape[1] - 1)]
                reciprocal += np.float32(1.0) / (constant + at)
        fused[item] = np.float32(1.0 - product) + weight * reciprocal
    return fused


@njit(cache=CAN_KEEP, nogil=True)
def group_history(
    order: Array, timestamp: Array, days: Array, weight: Array, price: Array, faded: Array, windows: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Group one user's events by item.

    Parameters
    ----------
    order : ndarray of int64, shape (n,)
        The events by item and then by time: ``item * 2**32 + place in time``.
    timestamp : ndarray of int64, shape (n,)
        Ascending, as are all that follow.
    days, weight, price : ndarray of float32, shape (n,)
        Days until the moment of the list; a price of 0 is unknown.
    faded : ndarray of float32, shape (n_half_lives, n)
        What is left of an event at each half-life.
    windows : ndarray of int64, shape (n_windows,)
        Among how many of the last moments an item is looked for.

    Returns
    -------
    item_idx : ndarray of int32, shape (m,)
        The distinct items, ascending.
    facts : ndarray of float32, shape (6, m)
        Number of events, days since the first and since the last, mean known price, moments since the last, streak.
    decayed : ndarray of float32, shape (n_half_lives, m)
    recent_share : ndarray of float32, shape (n_windows, m)
    moments : ndarray of int64, shape (n_moments,)
        The distinct times.
    latest_first : ndarray of int64, shape (m,)
        The places of the items by the moment of their last event, the latest first, the smaller place among equals.
    """
    moment, moments = _numbered(timestamp)
    n_moments = moments.size
    m = 0
    for row in range(order.size):
        m += row == 0 or order[row] >> 32 != order[row - 1] >> 32
    item_idx, facts = np.empty(m, dtype=np.int32), np.zeros((6, m), dtype=np.float32)
    decayed = np.zeros((faded.shape[0], m), dtype=np.float32)
    recent_share = np.zeros((windows.size, m), dtype=np.float32)
    place, at, n_priced = -1, 0, 0
    for row in range(order.size):
        item, event = order[row] >> 32, order[row] & 0xFFFFFFFF
        if place < 0 or item != item_idx[place]:
            place, at, n_priced = place + 1, 0, 0
            item_idx[place], facts[1, place] = item, days[event]
        facts[0, place] += 1
        facts[2, place] = days[event]
        if price[event] > 0:
            n_priced += 1
            facts[3, place] += (price[event] - facts[3, place]) / n_priced
        for half_life in range(faded.shape[0]):
            decayed[half_life, place] += weight[event] * faded[half_life, event]
        if moment[event] != at:
            facts[5, place] = facts[5, place] + 1 if moment[event] == at + 1 and at else 1
            at = moment[event]
            facts[4, place] = n_moments - at
            for window in range(windows.size):
                recent_share[window, place] += at > n_moments - windows[window]
    for window in range(windows.size):
        recent_share[window] /= np.float32(max(min(windows[window], n_moments), 1))
    return item_idx, facts, decayed, recent_share, moments, _by_count(facts[4], n_moments)


@njit(cache=CAN_KEEP, nogil=True)
def _numbered(ascending: Array) -> tuple[Array, Array]:
    """The number of each value among the distinct ones, from 1, and these."""
    number, n = np.empty(ascending.size, dtype=np.int64), 0
    distinct = np.empty(ascending.size, dtype=ascending.dtype)
    for place in range(ascending.size):
        if place == 0 or ascending[place] != ascending[place - 1]:
            distinct[n] = ascending[place]
            n += 1
        number[place] = n
    return number, distinct[:n]


@njit(cache=CAN_KEEP, nogil=True)
def _by_count(counts: Array, most: int) -> Array:
    """The places of whole numbers from 0 to `most`, the smallest first, the smaller place first among equals."""
    starts = np.zeros(most + 2, dtype=np.int64)
    for count in counts:
        starts[int(count) + 1] += 1
    starts = np.cumsum(starts)
    places = np.empty(counts.size, dtype=np.int64)
    for place in range(counts.size):
        count = int(counts[place])
        places[starts[count]] = place
        starts[count] += 1
    return places
