"""What a user's nearest neighbours buy lately.

The neighbours' part of TIFU-kNN: Hu et al., "Modeling Personalized Item Frequency Information for Next-basket
Recommendation", SIGIR 2020. A user is the decayed share of moments that held each item; neighbours are the nearest by
Euclidean distance among a bounded pool of users, so that a request costs the same however many users there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.sparse import csr_matrix

from candidate_gen.kernels import add_up_rows, best_places
from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile, build_profile, decay
from candidate_gen.source import Array, Float32, ItemPositions, Sizes, SourceConfig, StoredArrays
from candidate_gen.sparse import SparseScores, SparseSource
from candidate_gen.workspaces import workspace
from data.arrays.past import Past
from data.attributes import ItemAttributes
from shortlist.checks import check_offsets, check_range

SELF_DISTANCE = np.float32(1e-6)
"""A neighbour whose squared distance is a smaller share of the user's squared length is the user."""


class UserKnnConfig(SourceConfig):
    """Who can be a neighbour, and what of each is kept."""

    limit: int = Field(default=60, ge=0)
    n_neighbors: int = Field(default=100, ge=1)
    max_users: int = Field(default=5_000, ge=1)
    items_per_user: int = Field(default=100, ge=1)


@dataclass(frozen=True, slots=True)
class UserKnn(SparseSource):
    """The users who can be neighbours.

    Attributes
    ----------
    shares : csr_matrix of float32, shape (n_pool, n_items)
        Each one's strongest items with their decayed shares.
    by_item : csr_matrix of float32, shape (n_items, n_pool)
        The same by item.
    squared_length : ndarray of float32, shape (n_pool,)
    n_neighbors, items_per_user : int
    """

    shares: csr_matrix
    by_item: csr_matrix
    squared_length: Float32
    n_neighbors: int
    items_per_user: int

    name: ClassVar[str] = "user_knn"
    reason: ClassVar[str] = "similar_customers"
    Config: ClassVar[type[SourceConfig]] = UserKnnConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: UserKnnConfig, rng: int) -> Self:
        """Draw the pool at random, all users when they are few."""
        del attributes
        active = past.active_users()
        drawn = np.random.default_rng(rng).choice(active, size=min(config.max_users, len(active)), replace=False)
        rows = [_strongest(build_profile(past.history(int(user))), config.items_per_user) for user in np.sort(drawn)]
        offsets = np.concatenate([[0], np.cumsum([len(items) for items, _ in rows])]).astype(np.int64)
        items = np.concatenate([items for items, _ in rows]) if rows else np.zeros(0, dtype=np.int32)
        share = np.concatenate([share for _, share in rows]) if rows else np.zeros(0, dtype=np.float32)
        return cls.of(offsets, items, share, past.n_items, config)

    @classmethod
    def of(
        cls, offsets: npt.NDArray[np.int64], items: ItemPositions, share: Float32, n_items: int, config: UserKnnConfig
    ) -> Self:
        """A pool from the rows of its users."""
        shares = csr_matrix((share, items, offsets), shape=(len(offsets) - 1, n_items))
        squared = np.asarray(shares.multiply(shares).sum(axis=1), dtype=np.float32).ravel()
        return cls(shares, csr_matrix(shares.T), squared, config.n_neighbors, config.items_per_user)

    def ask(self, profile: UserProfile) -> SparseScores:
        """The mean share of each item among the nearest users."""
        items, share = _strongest(profile, self.items_per_user)
        if not len(items) or not self.shares.shape[0]:
            return SparseScores.none()
        own = float(share @ share)
        users, product = _weighted_rows("users", self.by_item, items, share)
        distance = self.squared_length[users] - 2 * product
        others = np.flatnonzero((distance + own > SELF_DISTANCE * own) & (product > 0))
        if len(others) > self.n_neighbors:
            others = np.sort(others[best_places(-distance[others], self.n_neighbors, -np.inf)])
        if not len(others):
            return SparseScores.none()
        weight = np.full(len(others), 1 / len(others), dtype=np.float32)
        return SparseScores(*_weighted_rows("items", self.shares, users[others], weight))

    def arrays(self) -> Mapping[str, Array | bytes]:
        """The pool's rows."""
        return {
            "offsets": self.shares.indptr.astype(np.int64),
            "items": self.shares.indices.astype(np.int32),
            "share": self.shares.data.astype(np.float32),
        }

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: UserKnnConfig, sizes: Sizes) -> Self:
        """Map the pool's rows. Raises ``BundleError`` when they do not fit."""
        offsets, items = stored.array("offsets", None), stored.array("items", None)
        share = stored.array("share", len(items))
        check_offsets("user_knn_offsets", offsets, len(offsets) - 1, len(items))
        check_range("user_knn_items", items, 0, max(sizes.n_items, 1))
        return cls.of(offsets, items, share, sizes.n_items, config)


def _strongest(profile: UserProfile, n: int) -> tuple[ItemPositions, Float32]:
    """The user's `n` items of the largest decayed share of moments, ascending, and these shares."""
    weight = profile.decayed_at(INTEREST_HALF_LIFE_DAYS)
    kept = np.sort(best_places(weight, n, -np.inf))
    moments = decay(profile.basket_days, INTEREST_HALF_LIFE_DAYS).sum()
    return profile.item_idx[kept], weight[kept] / np.maximum(moments, np.float32(1e-30))


def _weighted_rows(
    kind: str, matrix: csr_matrix, rows: npt.NDArray[np.integer], weight: Float32
) -> tuple[ItemPositions, Float32]:
    """The columns of some rows, ascending, and the sum of the rows there, each times its weight."""
    total = workspace(kind, matrix.shape[1] + 1, dtype=np.float32)
    columns, sums = add_up_rows(matrix.indptr, matrix.indices, matrix.data, rows, weight, total)
    return columns, sums
