"""TIFU-kNN: how often a user has each item, by groups of baskets that fade, and the same of the nearest users.

Hu, He, Gao and Zhang, "Modeling Personalized Item Frequency Information for Next-basket Recommendation", SIGIR 2020.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from candidate_gen.source import best_of
from candidate_gen.sources.popular import Popular
from data.arrays.past import Past
from data.interactions import History
from offline_eval.filling import Allowed, Items, filled

N_GROUPS: Final = 7
BASKET_DECAY: Final = 0.9
GROUP_DECAY: Final = 0.7
N_NEIGHBORS: Final = 300
MAX_POOL: Final = 20_000
"""So many users, drawn at random, are enough to find neighbours among."""

SELF_DISTANCE: Final = 1e-6
"""Nearer than this share of the own length, a user of the pool is the one who asks."""


@dataclass(frozen=True, slots=True)
class TifuKnn:
    """A pool of users with their frequencies.

    Attributes
    ----------
    pool : csr_matrix of float32, shape (n_users, n_items)
    squared_length : ndarray of float32, shape (n_users,)
    filler : Popular
    own_share : float
        What the user's own frequencies count against the neighbours'.
    """

    pool: csr_matrix
    squared_length: npt.NDArray[np.float32]
    filler: Popular
    own_share: float
    name: str = "tifu_knn"

    @property
    def choices(self) -> dict[str, float]:
        """The share of the own part."""
        return {"own_share": self.own_share}

    @classmethod
    def fit(cls, past: Past, own_share: float, filler: Popular, rng: int) -> Self:
        """Take the frequencies of a pool of users."""
        active = past.active_users()
        users = np.sort(np.random.default_rng(rng).choice(active, size=min(MAX_POOL, len(active)), replace=False))
        rows = [frequencies(past.history(int(user))) for user in users]
        offsets = np.concatenate([[0], np.cumsum([len(items) for items, _ in rows])])
        items = np.concatenate([items for items, _ in rows] or [np.zeros(0, np.int32)])
        share = np.concatenate([share for _, share in rows] or [np.zeros(0, np.float32)])
        pool = csr_matrix((share, items, offsets), shape=(len(users), past.n_items))
        squared = np.asarray(pool.multiply(pool).sum(axis=1), dtype=np.float32).ravel()
        return cls(pool, squared, filler, own_share)

    def with_own_share(self, own_share: float) -> "TifuKnn":
        """The same pool, weighed otherwise."""
        return TifuKnn(self.pool, self.squared_length, self.filler, own_share)

    def ranking(self, history: History, n: int, allowed: Allowed) -> Items:
        """The items of the largest mix of the own frequencies and the neighbours', then popular ones."""
        items, share = frequencies(history)
        own = np.zeros(self.pool.shape[1], dtype=np.float32)
        own[items] = share
        scores = self.own_share * own + (1 - self.own_share) * self._of_neighbors(own)
        return filled(best_of(scores.astype(np.float32), n, allowed), self.filler, n, allowed)

    def _of_neighbors(self, own: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The mean frequencies of the nearest users by Euclidean distance, the user left out."""
        length = float(own @ own)
        distance = self.squared_length - 2 * (self.pool @ own) + length
        distance[distance <= SELF_DISTANCE * length] = np.inf
        near = np.argsort(distance, kind="stable")[:N_NEIGHBORS]
        near = near[np.isfinite(distance[near])]
        mean = np.asarray(self.pool[near].sum(axis=0), dtype=np.float32).ravel()
        return mean / np.float32(max(len(near), 1))


def frequencies(history: History) -> tuple[Items, npt.NDArray[np.float32]]:
    """A user's distinct items, ascending, and the faded frequency of each.

    The mean over groups of ``0.7 ** group`` times the mean over the group's baskets of ``0.9 ** place``, where a basket
    holds the item; both count from the newest, which is 0.
    """
    if not len(history):
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
    back = history.basket[-1] - history.basket
    n_baskets = int(back[0]) + 1
    size = -(-n_baskets // N_GROUPS)
    group, place = np.divmod(back, size)
    n_groups = -(-n_baskets // size)
    in_group = np.minimum(size, n_baskets - group * size)
    weight = GROUP_DECAY**group * BASKET_DECAY**place / (n_groups * in_group)
    _, first = np.unique(history.item_idx.astype(np.int64) * n_baskets + back, return_index=True)
    items, inverse = np.unique(history.item_idx[first], return_inverse=True)
    return items.astype(np.int32), np.bincount(inverse, weight[first]).astype(np.float32)
