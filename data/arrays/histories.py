"""Where lists find what a user did."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from data.arrays.history_table import HistoryTable
from data.interactions import EVENT_COLUMNS, History
from data.people import People
from shortlist.ids import MISSING

UNKNOWN_USER: Final = "The user is unknown"


class Histories(Protocol):
    """Users' histories by external id, each as of the moment that its list is made for."""

    @property
    def unknown(self) -> str:
        """What to say of an id that nothing is known of, before what its list holds."""

    def of(self, user_id: str) -> History | None:
        """What is known of a user; None of one whom nobody has seen."""

    def mark(self, user_id: str) -> str:
        """A short text that changes whenever `of` does: a list kept under another mark is out of date."""


@dataclass(frozen=True, slots=True)
class StoredHistories:
    """What a bundle holds: it never changes, but for users who are forgotten since.

    Attributes
    ----------
    as_of : int
        The end of the data, in seconds.
    read_at : float
        When the events were read, in seconds: who was forgotten before is not among them.
    """

    table: HistoryTable
    as_of: int
    unknown: str = UNKNOWN_USER
    people: People = field(default_factory=People)
    read_at: float = 0.0

    def is_forgotten(self, user_id: str) -> bool:
        """Whether the history that is here is one to be forgotten."""
        moment = self.people.moment(user_id)
        return moment is not None and moment >= self.read_at

    def of(self, user_id: str) -> History | None:
        """The user's events before `as_of`."""
        found = [known for one in self.people.ids(user_id) if (known := self._own(one)) is not None]
        return merged(found) if len(found) > 1 else found[0] if found else None

    def _own(self, user_id: str) -> History | None:
        """What is known under one id."""
        if self.is_forgotten(user_id):
            return None
        user_idx = self.table.users.find(user_id)
        return None if user_idx == MISSING else self.table.history(user_idx, self.as_of)

    def mark(self, user_id: str) -> str:
        """Another one since the user was forgotten, or ids were merged."""
        moment, (_, *others) = self.people.moment(user_id), self.people.ids(user_id)
        return f"{moment or ''}{others or ''}"


def merged(histories: Sequence[History]) -> History:
    """Several histories as one, by time; a basket is a stretch of events of one of their baskets."""
    columns = {name: np.concatenate([getattr(one, name) for one in histories]) for name in EVENT_COLUMNS}
    origin = np.repeat(np.arange(len(histories)), [len(one) for one in histories])
    order = np.argsort(columns["timestamp"], kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    is_next = (np.diff(columns["basket"]) != 0) | (np.diff(origin[order]) != 0)
    columns["basket"] = np.concatenate([[0], np.cumsum(is_next)])[: len(order)].astype(np.int32)
    return History(**columns, as_of=histories[0].as_of)
