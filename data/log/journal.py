"""The journal: events that were accepted, and are not in the event store yet. What `append` has kept is safe."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One event.

    Attributes
    ----------
    key : str
        What makes it the same event: its ``event_id``, or a digest of its content where it has none.
    content : bytes
        The canonical event as JSON, its user under ``user_id``.
    """

    key: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry at its position; positions rise, with gaps."""

    position: int
    entry: Entry


class Journal(Protocol):
    """An ordered, durable log that several processes append to.

    Every method raises ``StoreUnavailable`` when the journal cannot be reached or written.
    """

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """Keep entries durably, all or none; for each whether it is new, False where its key is in the journal."""

    def read_after(self, position: int, n: int) -> list[Kept]:
        """At most `n` entries behind a position, in their order; 0 begins at the beginning."""

    def trim(self, position: int) -> int:
        """Forget everything up to a position, itself included; how many entries that were."""

    def last(self) -> int:
        """The position of the newest entry that there has ever been; 0 before the first."""

    def erase(self, user_id: str, position: int) -> int:
        """Leave no byte of a user's entries up to a position, itself included; how many they were."""

    def stored(self) -> int:
        """Up to which position, itself included, entries are in the event store; 0 at first."""

    def note_stored(self, position: int) -> None:
        """Note that entries up to a position are in the event store."""

    def close(self) -> None:
        """Let go of files and connections."""
