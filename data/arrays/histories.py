"""Where lists find what a user did."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from data.forgotten import Forgotten
from data.interactions import History, Interactions
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

    interactions: Interactions
    as_of: int
    unknown: str = UNKNOWN_USER
    forgotten: Forgotten = field(default_factory=Forgotten)
    read_at: float = 0.0

    def is_forgotten(self, user_id: str) -> bool:
        """Whether the history that is here is one to be forgotten."""
        moment = self.forgotten.moment(user_id)
        return moment is not None and moment >= self.read_at

    def of(self, user_id: str) -> History | None:
        """The user's interactions before `as_of`: views, no copies."""
        if self.is_forgotten(user_id):
            return None
        user_idx = self.interactions.users.find(user_id)
        return None if user_idx == MISSING else self.interactions.history(user_idx, self.as_of)

    def mark(self, user_id: str) -> str:
        """Another one since the user was forgotten."""
        moment = self.forgotten.moment(user_id)
        return "" if moment is None else f"forgotten {moment}"
