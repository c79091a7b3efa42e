"""Who is tested, and on what: always over every item of the catalogue, on users with a past and a purchase.

``time`` cuts the log at one moment. Unlike leaving out each user's last item (``last``), or a share at random where
times are missing (``holdout``), it keeps all models from seeing the future of other users: Ji et al., "A Critical Study
on Data Leakage in Recommender System Offline Evaluation", TOIS 2023.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Self

import numpy as np
import numpy.typing as npt

from data.arrays.labels import Labels, collect_labels
from data.interactions import History, Interactions
from data.splits import LabelWindow

Segment = Literal["overall", "repeat", "novel"]
ProtocolName = Literal["time", "last", "holdout"]

SEGMENTS: Final[tuple[Segment, ...]] = ("overall", "repeat", "novel")
"""All items; those that the user had dealt with before the cut; those that the user had not."""


@dataclass(frozen=True, slots=True)
class TestSet:
    """The users of a test window and their relevant items, as compressed sparse rows.

    Attributes
    ----------
    cut, end : int
        The window ``[cut, end)``, in seconds.
    user_idx : ndarray of int32, shape (n_users,)
        Ascending. Each has a target interaction in the window and any interaction before it.
    offsets : ndarray of int64, shape (n_users + 1,)
        The relevant items of row ``r`` are ``[offsets[r], offsets[r + 1])``.
    item_idx : ndarray of int32, shape (n_relevant,)
        Distinct and ascending within a user.
    is_repeat : ndarray of bool, shape (n_relevant,)
        Whether the user had any interaction with the item before the cut.
    amount : ndarray of float64, shape (n_relevant,)
        What the user paid for the item in the test, one unit for each event, 0 where prices are unknown.
    n_users_without_history : int
        Users left out: a target interaction in the window, nothing before it.
    n_users_eligible : int
        Users with both; more than ``len(self)`` only after `drawn`.
    protocol : str
        How past and relevant items were told apart.
    """

    __test__: ClassVar[bool] = False  # not a test case, whatever its name makes of it

    cut: int
    end: int
    user_idx: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    item_idx: npt.NDArray[np.int32]
    is_repeat: npt.NDArray[np.bool_]
    amount: npt.NDArray[np.float64]
    n_users_without_history: int
    n_users_eligible: int
    protocol: ProtocolName = "time"

    def __len__(self) -> int:
        return len(self.user_idx)

    def relevant(self, row: int, segment: Segment) -> npt.NDArray[np.int32]:
        """The relevant items of one row of `user_idx` that belong to a segment."""
        rows = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        return self.item_idx[rows][self._is_in(segment)[rows]]

    def rows(self) -> npt.NDArray[np.int64]:
        """The row of `user_idx` that each relevant item belongs to, shape (n_relevant,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def n_relevant(self, segment: Segment) -> npt.NDArray[np.int64]:
        """How many relevant items of a segment each user has, shape (n_users,); 0 takes the user out of it."""
        running = np.concatenate([[0], np.cumsum(self._is_in(segment))])
        return np.asarray(np.diff(running[self.offsets]), dtype=np.int64)

    def drawn(self, n: int, rng: np.random.Generator) -> Self:
        """At most `n` of the users, drawn evenly without replacement."""
        if n >= len(self):
            return self
        rows = np.sort(rng.choice(len(self), size=n, replace=False))
        counts = np.diff(self.offsets)
        is_kept = np.repeat(np.isin(np.arange(len(self)), rows), counts)
        return type(self)(
            cut=self.cut,
            end=self.end,
            user_idx=self.user_idx[rows],
            offsets=_offsets(counts[rows]),
            item_idx=self.item_idx[is_kept],
            is_repeat=self.is_repeat[is_kept],
            amount=self.amount[is_kept],
            n_users_without_history=self.n_users_without_history,
            n_users_eligible=self.n_users_eligible,
            protocol=self.protocol,
        )

    def _is_in(self, segment: Segment) -> npt.NDArray[np.bool_]:
        """Which relevant items belong to a segment."""
        if segment == "overall":
            return np.ones(len(self.item_idx), dtype=np.bool_)
        return self.is_repeat if segment == "repeat" else ~self.is_repeat


def build_test_set(interactions: Interactions, cut: int, end: int) -> TestSet:
    """Find the users of a window and their relevant items.

    Relevant are the distinct items of the user's target interactions in ``[cut, end)``. Costs O(n log n) in the
    number of interactions of the window's users.

    Parameters
    ----------
    interactions : Interactions
        The past and the window; anything later is ignored.
    cut, end : int
        Seconds.

    Raises
    ------
    ValueError
        When the window is empty because `end` does not lie after `cut`.
    """
    if end <= cut:
        raise ValueError(f"the test window must end after it begins: cut {cut}, end {end}")
    labels = collect_labels(interactions, LabelWindow(cut, end))
    return make_test_set(interactions.before(cut), labels, cut, end, "time")


def make_test_set(past: Interactions, labels: Labels, cut: int, end: int, protocol: ProtocolName) -> TestSet:
    """The users with relevant items and a past, whatever told the two apart.

    Parameters
    ----------
    past : Interactions
        All that was known; lists are made as of `cut`.
    labels : Labels
        The relevant items.
    """
    has_past = (np.diff(past.user_offsets) > 0)[labels.user_idx]
    counts = np.diff(labels.offsets)
    is_kept = np.repeat(has_past, counts)
    user_idx, item_idx = labels.user_idx[has_past], labels.item_idx[is_kept]
    past_pairs = past.pair_keys(past.rows_of(user_idx))
    return TestSet(
        cut=cut,
        end=end,
        user_idx=user_idx,
        offsets=_offsets(counts[has_past]),
        item_idx=item_idx,
        is_repeat=np.isin(_pairs(past, np.repeat(user_idx, counts[has_past]), item_idx), past_pairs),
        amount=labels.amount[is_kept],
        n_users_without_history=int((~has_past).sum()),
        n_users_eligible=len(user_idx),
        protocol=protocol,
    )


def allowed_items(history: History, n_items: int, segment: Segment) -> npt.NDArray[np.bool_] | None:
    """The items that a list of a segment may hold, bool, shape (n_items,); None stands for all."""
    if segment == "overall":
        return None
    had = _marked(history.item_idx, n_items)
    return had if segment == "repeat" else ~had


def _pairs(
    interactions: Interactions, user_idx: npt.NDArray[np.int32], item_idx: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64]:
    """One number for each user and item."""
    return user_idx.astype(np.int64) * max(len(interactions.items), 1) + item_idx


def _marked(positions: npt.NDArray[np.int32], n: int) -> npt.NDArray[np.bool_]:
    """True at the positions given."""
    marks = np.zeros(n, dtype=np.bool_)
    marks[positions] = True
    return marks


def _offsets(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where each row begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
