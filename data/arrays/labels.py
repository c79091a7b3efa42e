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
    """

    user_idx: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    item_idx: npt.NDArray[np.int32]

    def of(self, row: int) -> npt.NDArray[np.int32]:
        """The items of one row."""
        return self.item_idx[self.offsets[row] : self.offsets[row + 1]]


def collect_labels(interactions: Interactions, window: LabelWindow) -> Labels:
    """Find the distinct target items of each user in ``[window.start, window.end)``."""
    inside = (interactions.timestamp >= window.start) & (interactions.timestamp < window.end) & interactions.is_target
    return labels_of_rows(interactions, np.flatnonzero(inside))


def labels_of_rows(interactions: Interactions, rows: npt.NDArray[np.int64]) -> Labels:
    """The distinct items of each user among some rows of the interactions."""
    n_items = max(len(interactions.items), 1)
    pairs = np.unique(interactions.user_idx[rows].astype(np.int64) * n_items + interactions.item_idx[rows])
    user_idx, counts = np.unique((pairs // n_items).astype(np.int32), return_counts=True)
    return Labels(user_idx, np.concatenate([[0], np.cumsum(counts)]), (pairs % n_items).astype(np.int32))
