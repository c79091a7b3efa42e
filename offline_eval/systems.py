"""What can be evaluated: anything that makes a list for a history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from data.interactions import History, Interactions
from offline_eval.protocol import SEGMENTS, Segment, TestSet, allowed_items
from shortlist.ids import MISSING
from shortlist.progress import Reporter, SilentReporter


class System(Protocol):
    """A way of making lists."""

    @property
    def name(self) -> str:
        """What reports call it."""

    def ranking(self, history: History, n: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int32]:
        """Make one user's list.

        Parameters
        ----------
        history : History
            What the user did before the moment of the list; never empty in an evaluation.
        n : int
            The most items that the list may hold.
        allowed : ndarray of bool, shape (n_items,), optional
            The only items that it may hold; all without it.

        Returns
        -------
        ndarray of int32, shape (<= n,)
            Distinct items, the best first.
        """


@runtime_checkable
class TunedSystem(Protocol):
    """A system that says what was chosen for it."""

    @property
    def choices(self) -> Mapping[str, float]:
        """Hyper-parameters by name."""


@dataclass(frozen=True, slots=True)
class UserLists:
    """One system's lists for the users of a test.

    Attributes
    ----------
    items : ndarray of int32, shape (n_users, depth)
        The lists of the first segment asked for, ``MISSING`` past a list's end.
    hits : dict of ndarray of bool, shape (n_users, depth)
        For each segment, the places that hold a relevant item; False past a list's end.
    """

    items: npt.NDArray[np.int32]
    hits: dict[Segment, npt.NDArray[np.bool_]]


def user_lists(
    system: System,
    interactions: Interactions,
    test_set: TestSet,
    depth: int,
    segments: tuple[Segment, ...] = SEGMENTS,
    reporter: Reporter | None = None,
) -> UserLists:
    """Make every tested user's list in every segment, and mark the places that hold a relevant item.

    A segment's list is made anew among the segment's items, so that it is as full as any other. No list is made for a
    user without a relevant item in the segment.

    Parameters
    ----------
    interactions : Interactions
        What histories are taken from; the system is shown only what lies before ``test_set.cut``.
    depth : int
        The length of the lists.

    Raises
    ------
    ValueError
        When a list is longer than `depth`, or holds an item twice, or one that it may not hold.
    """
    items = np.full((len(test_set), depth), MISSING, dtype=np.int32)
    hits = {segment: np.zeros(items.shape, dtype=np.bool_) for segment in segments}
    tracked = (reporter or SilentReporter()).track(range(len(test_set)), len(test_set), system.name)
    for row in tracked:
        history = interactions.history(int(test_set.user_idx[row]), test_set.cut)
        for segment in segments:
            relevant = test_set.relevant(row, segment)
            if len(relevant):
                allowed = allowed_items(history, len(interactions.items), segment)
                found = checked_list(system, history, depth, allowed, len(interactions.items))
                hits[segment][row, : len(found)] = np.isin(found, relevant)
                if segment == segments[0]:
                    items[row, : len(found)] = found
    return UserLists(items, hits)


def checked_list(
    system: System, history: History, n: int, allowed: npt.NDArray[np.bool_] | None, n_items: int
) -> npt.NDArray[np.int32]:
    """A system's list, when it keeps the contract."""
    found = system.ranking(history, n, allowed)
    if len(found) > n:
        raise ValueError(f"system {system.name!r} gave {len(found)} items where at most {n} were asked for")
    if len(np.unique(found)) < len(found):
        raise ValueError(f"system {system.name!r} gave a list that holds an item twice")
    if ((found < 0) | (found >= n_items)).any():
        raise ValueError(f"system {system.name!r} gave an item that is not among the {n_items}")
    if allowed is not None and not allowed[found].all():
        raise ValueError(f"system {system.name!r} gave an item that was not allowed")
    return found
