"""What was known at a moment: all that a fitting function is ever given.

A `Past` is made by `before`, `without_last` or `without`, each of which takes the labelled events out. A function that
takes a `Past` cannot be handed the future.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from data.interactions import SECONDS_PER_DAY, History, Interactions


@dataclass(frozen=True, slots=True)
class Past:
    """Interactions before a moment, each user's own.

    Attributes
    ----------
    interactions : Interactions
        What was known.
    as_of : int
        The moment that models are fitted for, in seconds; no interaction is later.
    user_as_of : ndarray of int64, shape (n_users,)
        The moment that each user's list is made for; no interaction of the user is later.
    """

    interactions: Interactions
    as_of: int
    user_as_of: npt.NDArray[np.int64]
    _matrices: dict[float, csr_matrix] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def before(cls, interactions: Interactions, as_of: int) -> Self:
        """What lies before one moment for everybody."""
        return cls(interactions.before(as_of), as_of, np.full(len(interactions.users), as_of, dtype=np.int64))

    @classmethod
    def without_last(cls, interactions: Interactions, as_of: int) -> Self:
        """What lies before each user's last target event before `as_of`, and the whole of users with none.

        Other users' events may be later than a user's own moment.
        """
        known = interactions.before(as_of)
        last = last_targets(known)
        row = np.arange(len(known))
        user_last = np.full(len(known.users), len(known), dtype=np.int64)
        owners = known.users_of(last)
        user_last[owners] = last
        user_as_of = np.full(len(known.users), as_of, dtype=np.int64)
        user_as_of[owners] = known.timestamp[last]
        return cls(known.only(row < np.repeat(user_last, np.diff(known.user_offsets))), as_of, user_as_of)

    @classmethod
    def without(cls, interactions: Interactions, held_out: npt.NDArray[np.bool_], as_of: int) -> Self:
        """What lies before a moment but for some events: bool, shape (n_interactions,)."""
        kept = ~held_out & (interactions.timestamp < as_of)
        return cls(interactions.only(kept), as_of, np.full(len(interactions.users), as_of, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.interactions)

    @property
    def n_users(self) -> int:
        """Users, those without an event included."""
        return len(self.interactions.users)

    @property
    def n_items(self) -> int:
        """Items, those without an event included."""
        return len(self.interactions.items)

    def history(self, user_idx: int) -> History:
        """What was known of a user at the user's moment."""
        return History(**self.interactions.columns_of(user_idx), as_of=int(self.user_as_of[user_idx]))

    def active_users(self) -> npt.NDArray[np.int64]:
        """Users with an event, ascending."""
        return np.flatnonzero(np.diff(self.interactions.user_offsets))

    def days(self) -> npt.NDArray[np.float32]:
        """Days from each interaction to `as_of`, float32, shape (n,)."""
        return _days(self.as_of - self.interactions.timestamp)

    def user_item_matrix(self, half_life_days: float) -> csr_matrix:
        """``log1p`` of each pair's weights, summed with exponential decay; made once for each half-life.

        Returns
        -------
        csr_matrix of float32, shape (n_users, n_items)
        """
        if half_life_days not in self._matrices:
            self._matrices[half_life_days] = self._matrix(half_life_days)
        return self._matrices[half_life_days]

    def pairs(self) -> csr_matrix:
        """1 where a user had an item, float32, shape (n_users, n_items)."""
        ones = np.ones(len(self), dtype=np.float32)
        shape = (self.n_users, self.n_items)
        matrix = csr_matrix((ones, self.interactions.item_idx, self.interactions.user_offsets), shape=shape, copy=True)
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
        return matrix

    def _matrix(self, half_life_days: float) -> csr_matrix:
        interactions = self.interactions
        weight = interactions.weight * np.exp2(self.days() * np.float32(-1.0 / half_life_days))
        shape = (self.n_users, self.n_items)
        matrix = csr_matrix((weight, interactions.item_idx, interactions.user_offsets), shape=shape, copy=True)
        matrix.sum_duplicates()
        matrix.data = np.log1p(matrix.data)
        return matrix


def last_targets(interactions: Interactions) -> npt.NDArray[np.int64]:
    """The row of each user's last target event, ascending; of those at one moment the last in order."""
    targets = np.flatnonzero(interactions.is_target)
    users = interactions.users_of(targets)
    is_last = np.ones(len(targets), dtype=np.bool_)
    np.not_equal(users[1:], users[:-1], out=is_last[:-1])
    return targets[is_last]


def _days(seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    return seconds.astype(np.float32) / np.float32(SECONDS_PER_DAY)
