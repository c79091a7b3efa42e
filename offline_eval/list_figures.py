"""What lists are like beyond their hits: how much of the catalogue they show, how evenly, how new, how varied.

In every formula ``lists`` are the first `k` places of all users' lists, and ``n_i`` is how many users had item ``i``
before the cut.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from data.arrays.past import Past
from data.interactions import Interactions
from offline_eval.protocol import TestSet
from offline_eval.significance import DECIMALS, Estimate, Seed, estimate_mean, rounded
from shortlist.ids import MISSING

MOST_LISTS_COMPARED: Final = 1_000
"""Intra-list diversity compares the items of no more lists, evenly spread over the users."""

PAIRS_AT_A_TIME: Final = 20_000

Lists = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KnownShop:
    """What was known at the cut, and what the tested users then took.

    Attributes
    ----------
    owners : csr_matrix of float32, shape (n_items, n_users)
        1 where a user had an item.
    """

    owners: csr_matrix
    test_set: TestSet

    @classmethod
    def of(cls, past: Interactions, test_set: TestSet) -> Self:
        """Of the interactions before the cut."""
        return cls(Past.before(past, test_set.cut).pairs().T.tocsr(), test_set)

    @property
    def n_items(self) -> int:
        """The catalogue's items, and those that only events name."""
        return int(self.owners.shape[0])

    def n_owners(self) -> npt.NDArray[np.int64]:
        """``n_i``, shape (n_items,)."""
        return np.asarray(np.diff(self.owners.indptr), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class ListFigures:
    """The figures of one system.

    Attributes
    ----------
    coverage : float
        Share of the catalogue's items that stand in any list.
    gini : float
        Of how often each item of the catalogue is shown: 0 when all are as often, near 1 when few are shown always.
    novelty : float
        Mean self-information of the items shown, in bits: 10 is an item that one user in 1,024 had.
    diversity : float
        Mean distance between two items of a list; 0 when the same users had both, 1 when no user had both.
    repeat_share : float
        Share of the items shown that their user had.
    revenue : Estimate or None
        What a user paid in the test for items that stood in the list; None where no price is known.
    """

    name: str
    k: int
    coverage: float
    gini: float
    novelty: float
    diversity: float
    repeat_share: float
    revenue: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-like, under names such as ``coverage@10``."""
        figures = {
            f"coverage@{self.k}": self.coverage,
            f"gini@{self.k}": self.gini,
            f"novelty@{self.k}": self.novelty,
            f"intra_list_diversity@{self.k}": self.diversity,
            f"repeat_share@{self.k}": self.repeat_share,
        }
        revenue = None if self.revenue is None else rounded(asdict(self.revenue))
        return {
            "name": self.name,
            **{key: _shown(value) for key, value in figures.items()},
            f"revenue@{self.k}": revenue,
        }


def list_figures(name: str, lists: Lists, shop: KnownShop, rng: Seed) -> ListFigures:
    """All figures of one system's lists, int32, shape (n_users, k), ``MISSING`` past a list's end."""
    tests = shop.test_set
    paid = revenue(lists, tests)
    return ListFigures(
        name=name,
        k=lists.shape[1],
        coverage=coverage(lists, shop.n_items),
        gini=gini(lists, shop.n_items),
        novelty=novelty(lists, shop.n_owners(), shop.owners.shape[1]),
        diversity=diversity(lists, shop.owners),
        repeat_share=repeat_share(lists, tests.user_idx, shop.owners),
        revenue=estimate_mean(paid, rng) if tests.amount.any() else None,
    )


def coverage(lists: Lists, n_items: int) -> float:
    """The share of the catalogue that is shown to anybody: ``|union of lists| / n_items``.

    Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender systems by coverage and serendipity",
    RecSys 2010.

    Examples
    --------
    >>> coverage(np.array([[0, 1], [0, -1]]), 4)
    0.5
    """
    return n_different(lists) / max(n_items, 1)


def n_different(lists: Lists) -> int:
    """How many different items some lists hold."""
    return len(np.unique(lists[lists != MISSING]))


def gini(lists: Lists, n_items: int) -> float:
    """How unevenly the places of all lists fall on the items of the catalogue.

    ``sum_i (2 i - n - 1) x_i / (n sum_i x_i)`` with ``x`` ascending, the number of lists that show each of ``n`` items.
    Gunawardana and Shani, "Evaluating Recommender Systems", Recommender Systems Handbook, 2nd ed., 2015, section 8.3.

    Examples
    --------
    >>> gini(np.array([[0, 1], [2, 3]]), 4), gini(np.array([[0], [0]]), 4)
    (0.0, 0.75)
    """
    shown = np.sort(np.bincount(lists[lists != MISSING], minlength=n_items))
    if not shown.sum():
        return float("nan")
    weights = 2 * np.arange(1, n_items + 1) - n_items - 1
    return float(weights @ shown / (n_items * shown.sum()))


def novelty(lists: Lists, n_owners: npt.NDArray[np.int64], n_users: int) -> float:
    """How little known the items shown are: the mean of ``-log2(n_i / n_users)``, an item of nobody counted as of one.

    Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS 2010.

    Examples
    --------
    >>> novelty(np.array([[0, 1]]), np.array([4, 1]), 4)
    1.0
    """
    shown = lists[lists != MISSING]
    if not len(shown):
        return float("nan")
    return float(-np.log2(np.maximum(n_owners[shown], 1) / n_users).mean())


def repeat_share(lists: Lists, user_idx: npt.NDArray[np.int32], owners: csr_matrix) -> float:
    """The share of the items shown that their users had before."""
    is_item = lists != MISSING
    if not is_item.any():
        return float("nan")
    users = np.broadcast_to(user_idx[:, None], lists.shape)[is_item]
    return float(np.asarray(owners[lists[is_item], users]).mean())


def diversity(lists: Lists, owners: csr_matrix) -> float:
    """The mean over lists of the mean distance between two of their items, ``1 - n_ij / sqrt(n_i n_j)``.

    ``n_ij`` users had both. Ziegler et al., "Improving recommendation lists through topic diversification", WWW 2005,
    with the cosine of the items' users as similarity, which every log has.
    """
    of_lists = [one[one != MISSING] for one in _spread(lists)]
    pairs = [_pairs(items) for items in of_lists if len(items) > 1]
    if not pairs:
        return float("nan")
    keys, place = np.unique(np.concatenate(pairs, axis=1), axis=1, return_inverse=True)
    distance = 1.0 - _cosine(keys, owners)[place.ravel()]
    ends = np.cumsum([one.shape[1] for one in pairs])
    return float(np.mean([part.mean() for part in np.split(distance, ends[:-1])]))


def revenue(lists: Lists, test_set: TestSet) -> Floats:
    """What each user paid in the test for the items of their list, shape (n_users,)."""
    paid = test_set.amount * is_listed(lists, test_set)
    return np.asarray(np.bincount(test_set.rows(), paid, len(test_set)), dtype=np.float64)


def is_listed(lists: Lists, test_set: TestSet) -> npt.NDArray[np.bool_]:
    """Whether each relevant item stands in its user's list, shape (n_relevant,)."""
    in_list = lists[test_set.rows()] == test_set.item_idx[:, None]
    return np.asarray(in_list.any(axis=1), dtype=np.bool_)


def _spread(lists: Lists) -> Lists:
    n = min(len(lists), MOST_LISTS_COMPARED)
    return lists[np.linspace(0, len(lists) - 1, n).astype(np.int64)]


def _pairs(items: Lists) -> npt.NDArray[np.int32]:
    """All pairs of distinct items, the smaller first, shape (2, n (n - 1) / 2)."""
    ordered = np.sort(items)
    first, second = np.triu_indices(len(ordered), 1)
    return np.stack([ordered[first], ordered[second]])


def _cosine(pairs: npt.NDArray[np.int32], owners: csr_matrix) -> Floats:
    """``n_ij / sqrt(n_i n_j)`` of each pair, 0 where nobody had one of them."""
    n_owners = np.diff(owners.indptr)
    both = [
        np.asarray(owners[part[0]].multiply(owners[part[1]]).sum(axis=1)).ravel()
        for part in np.array_split(pairs, max(1, pairs.shape[1] // PAIRS_AT_A_TIME), axis=1)
    ]
    size = np.sqrt(n_owners[pairs[0]].astype(np.float64) * n_owners[pairs[1]])
    return np.asarray(np.concatenate(both) / np.maximum(size, 1.0), dtype=np.float64)


def _shown(value: float) -> float | None:
    return None if np.isnan(value) else round(value, DECIMALS)
