"""Precision, recall and NDCG at a cut-off, for each user, from the hits of a ranked list.

In every formula ``hit_i`` is 1 when the item at rank ``i`` (from 1) is relevant and 0 otherwise, and ``relevant`` is
the set of all relevant items of the user, those that no list holds included.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Hits = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.integer]
Scores = npt.NDArray[np.float64]


def precision_at_k(hits: Hits, k: int) -> Scores:
    """The share of `k` places that hold a relevant item: ``sum_{i<=k} hit_i / k``.

    Divided by `k` also when the list is shorter: an empty place is a wasted one. Manning, Raghavan and Schuetze,
    "Introduction to Information Retrieval", 2008, section 8.4.

    Parameters
    ----------
    hits : ndarray of bool, shape (n_users, depth)
        In list order; False past a list's end.

    Returns
    -------
    ndarray of float64, shape (n_users,)

    Raises
    ------
    ValueError
        When `k` is not in ``[1, depth]``.

    Examples
    --------
    >>> precision_at_k(np.array([[True, False, True, False]]), 4).tolist()
    [0.5]
    """
    return np.asarray(_head(hits, k).sum(axis=1) / k, dtype=np.float64)


def recall_at_k(hits: Hits, n_relevant: Counts, k: int) -> Scores:
    """The share of the relevant items that the first `k` places hold: ``sum_{i<=k} hit_i / |relevant|``.

    Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 2008, section 8.3.

    Parameters
    ----------
    hits : ndarray of bool, shape (n_users, depth)
        In list order; False past a list's end.
    n_relevant : ndarray of int, shape (n_users,)
        At least 1 each.

    Returns
    -------
    ndarray of float64, shape (n_users,)

    Raises
    ------
    ValueError
        When `k` is not in ``[1, depth]``, or a user has no relevant item.

    Examples
    --------
    >>> recall_at_k(np.array([[True, False, True, False]]), np.array([5]), 4).tolist()
    [0.4]
    """
    return np.asarray(_head(hits, k).sum(axis=1) / _positive(n_relevant), dtype=np.float64)


def ndcg_at_k(hits: Hits, n_relevant: Counts, k: int) -> Scores:
    """Discounted gain over the best that is possible.

    ``sum_{i<=k} hit_i / log2(i + 1)`` divided by ``sum_{i<=min(k, |relevant|)} 1 / log2(i + 1)``. Jaervelin and
    Kekaelaeinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, with binary gain and the discount of
    Burges et al., "Learning to rank using gradient descent", ICML 2005.

    Parameters
    ----------
    hits : ndarray of bool, shape (n_users, depth)
        In list order; False past a list's end.
    n_relevant : ndarray of int, shape (n_users,)
        At least 1 each.

    Returns
    -------
    ndarray of float64, shape (n_users,)

    Raises
    ------
    ValueError
        When `k` is not in ``[1, depth]``, or a user has no relevant item.

    Examples
    --------
    >>> ndcg_at_k(np.array([[False, True, False]]), np.array([1]), 3).round(4).tolist()
    [0.6309]
    """
    head = _head(hits, k)
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(_positive(n_relevant), k) - 1]
    return np.asarray(head @ discount / ideal, dtype=np.float64)


def metric_columns(hits: Hits, n_relevant: Counts, ks: Iterable[int]) -> dict[str, Scores]:
    """All three metrics at every cut-off, under names such as ``ndcg@10``; each float64, shape (n_users,)."""
    columns = {}
    for k in ks:
        columns[f"ndcg@{k}"] = ndcg_at_k(hits, n_relevant, k)
        columns[f"precision@{k}"] = precision_at_k(hits, k)
        columns[f"recall@{k}"] = recall_at_k(hits, n_relevant, k)
    return columns


def _head(hits: Hits, k: int) -> Hits:
    """The first `k` places."""
    if not 1 <= k <= hits.shape[1]:
        raise ValueError(f"k is {k}, but lists were made to depth {hits.shape[1]}: it must be between 1 and that")
    return hits[:, :k]


def _positive(n_relevant: Counts) -> Counts:
    """The counts, when all are at least 1."""
    if (n_relevant < 1).any():
        raise ValueError("a user without a relevant item has no recall and no NDCG: leave such users out")
    return n_relevant
