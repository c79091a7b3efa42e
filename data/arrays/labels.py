"""What users did in a window: the labels of the ranker and the truth of an evaluation."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.interactions import Interactions
from data.splits import LabelWindow


@dataclass(frozen=True, slots=True)
class Labels:
    """The distinct target items of each user in a window, as compressed sparse rows.

    Attributes
    ----------
    user_idx : ndarray of int32, shape (n,)
        Users with at least one, ascending.
    offsets : ndarray of int64, shape (n + 1,)
    item_idx : ndarray of int32, shape (offsets[-1],)
        Ascending for each user.
    n_events : ndarray of int64, same shape
        How many target events the user had with each.
    amount : ndarray of float64, same shape
        The sum of these events' prices.
    """

    user_idx: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    item_idx: npt.NDArray[np.int32]
    n_events: npt.NDArray[np.int64]
    amount: npt.NDArray[np.float64]

    def of(self, row: int) -> npt.NDArray[np.int32]:
        """The items of one row."""
        return self.item_idx[self.offsets[row] : self.offsets[row + 1]]

    def count(self, row: int, item_idx: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """How many target events the user of a row had with some items, 0 with those that are no label of the row."""
        own, n_events = self.of(row), self.n_events[self.offsets[row] : self.offsets[row + 1]]
        place = np.minimum(np.searchsorted(own, item_idx), len(own) - 1)
        return np.where(own[place] == item_idx, n_events[place], 0)


def collect_labels(interactions: Interactions, window: LabelWindow) -> Labels:
    """Find the distinct target items of each user in ``[window.start, window.end)``."""
    inside = (interactions.timestamp >= window.start) & (interactions.timestamp < window.end) & interactions.is_target
    return labels_of_rows(interactions, np.flatnonzero(inside))


def labels_of_rows(interactions: Interactions, rows: npt.NDArray[np.int64]) -> Labels:
    """The distinct items of each user among some rows of the interactions."""
    n_items = max(len(interactions.items), 1)
    pairs, place, n_events = np.unique(interactions.pair_keys(rows), return_inverse=True, return_counts=True)
    amount = np.bincount(place, interactions.price[rows], len(pairs)).astype(np.float64)
    user_idx, counts = np.unique((pairs // n_items).astype(np.int32), return_counts=True)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return Labels(user_idx, offsets, (pairs % n_items).astype(np.int32), n_events, amount)
