"""A past as visits: what each user had at one moment, and what came before and after it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags_array

from candidate_gen.source import Float32
from data.arrays.past import Past
from data.interactions import SECONDS_PER_DAY

GAP_SCALE_DAYS = np.float32(60.0)
GAP_POWER = np.float32(0.3)


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of all users, by user and then by time.

    Attributes
    ----------
    items : csr_matrix of float32, shape (n_visits, n_items)
        1 where a visit holds an item.
    user_idx : ndarray of int32, shape (n_visits,)
    timestamp : ndarray of int64, shape (n_visits,)
        Seconds.
    """

    items: csr_matrix
    user_idx: npt.NDArray[np.int32]
    timestamp: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.user_idx)


def moments(past: Past) -> Visits:
    """Each distinct second of a user as a visit: one item where users act one item at a time."""
    return _visits(past, past.interactions.timestamp)


def baskets(past: Past) -> Visits:
    """Each basket of a user as a visit: a session, or an hour where no session is named."""
    return _visits(past, past.interactions.basket)


def _visits(past: Past, key: npt.NDArray[np.integer]) -> Visits:
    begins = past.interactions.begins()
    begins[1:] |= np.diff(key) != 0
    visit = np.cumsum(begins) - 1
    shape = (int(begins.sum()), past.n_items)
    items = csr_matrix((np.ones(len(visit), dtype=np.float32), (visit, past.interactions.item_idx)), shape=shape)
    items.data[:] = 1.0  # an item had twice in a visit counts once
    return Visits(items, past.interactions.users_of(np.flatnonzero(begins)), past.interactions.timestamp[begins])


def shared(visits: Visits) -> csr_matrix:
    """Each visit's items, each with ``1 / sqrt(n items of the visit)``; float32, shape (n_visits, n_items)."""
    size = np.maximum(np.diff(visits.items.indptr), 1)
    return csr_matrix(diags_array((1.0 / np.sqrt(size)).astype(np.float32)) @ visits.items)


def following(visits: Visits, max_distance: int, distance_decay: float) -> csr_matrix:
    """For every visit, the items of the user's next ones.

    A visit d places and t days on counts ``distance_decay ** (d - 1) / (1 + t / 60) ** 0.3``, shared by its items.

    Returns
    -------
    csr_matrix of float32, shape (n_visits, n_items)
    """
    return _shifted(visits, max_distance, distance_decay, direction=1)


def preceding(visits: Visits, max_distance: int, distance_decay: float) -> csr_matrix:
    """For every visit, the items of the user's visits before it, counted as in `following`."""
    return _shifted(visits, max_distance, distance_decay, direction=-1)


def _shifted(visits: Visits, max_distance: int, distance_decay: float, direction: int) -> csr_matrix:
    """The weighted sum of the visits up to `max_distance` places on (direction 1) or back (-1)."""
    items, shape = shared(visits), (len(visits), len(visits))
    total = csr_matrix(items.shape, dtype=np.float32)
    for distance in range(1, min(max_distance, len(visits) - 1) + 1):
        weight = _pair_weight(visits, distance) * np.float32(distance_decay ** (distance - 1))
        total = total + diags_array(weight, offsets=direction * distance, shape=shape) @ items
    return csr_matrix(total)


def _pair_weight(visits: Visits, distance: int) -> Float32:
    """``(1 + gap in days / 60) ** -0.3`` for two visits of one user so many places apart, 0 between users."""
    is_same = visits.user_idx[distance:] == visits.user_idx[:-distance]
    gap = np.where(is_same, visits.timestamp[distance:] - visits.timestamp[:-distance], 0).astype(np.float32)
    fade = (np.float32(1.0) + gap / (GAP_SCALE_DAYS * np.float32(SECONDS_PER_DAY))) ** -GAP_POWER
    return np.where(is_same, fade, np.float32(0.0))
