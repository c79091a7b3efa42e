"""The journal in one SQLite file, which needs no server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from data.log.journal import Entry, Kept
from data.log.sqlite_file import SqliteFile

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    content BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS stored (only INTEGER PRIMARY KEY CHECK (only = 1), position INTEGER NOT NULL) STRICT;
"""
_OF_USER: Final = """
SELECT position FROM events WHERE json_extract(CAST(content AS TEXT), '$.user_id') = ? AND position <= ?
"""


class SqliteJournal:
    """A journal for one machine; several processes may have it open, each for one thread at a time.

    Parameters
    ----------
    path : Path
        The file; made with its folder where there is none.

    Raises
    ------
    StoreUnavailable
        When the file cannot be opened, or is none of SQLite's.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, _SCHEMA, "the journal of events")

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """Keep entries durably, all or none; for each whether it is new, False where its key is in the journal."""
        command = "INSERT INTO events (key, content) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
        with self._file.transaction() as connection:
            return [connection.execute(command, (one.key, one.content)).rowcount > 0 for one in entries]

    def read_after(self, position: int, n: int) -> list[Kept]:
        """At most `n` entries behind a position, in their order; 0 begins at the beginning."""
        command = "SELECT position, key, content FROM events WHERE position > ? ORDER BY position LIMIT ?"
        return [Kept(place, Entry(key, content)) for place, key, content in self._file.rows(command, position, n)]

    def trim(self, position: int) -> int:
        """Forget everything up to a position, itself included; how many entries that were."""
        with self._file.transaction() as connection:
            return connection.execute("DELETE FROM events WHERE position <= ?", (position,)).rowcount

    def last(self) -> int:
        """The position of the newest entry that there has ever been; 0 before the first."""
        return sum(position for (position,) in self._file.rows("SELECT seq FROM sqlite_sequence WHERE name = 'events'"))

    def erase(self, user_id: str, position: int) -> int:
        """Leave no byte of a user's entries up to a position, itself included; how many they were."""
        found = self._file.rows(_OF_USER, user_id, position)
        with self._file.transaction() as connection:
            connection.executemany("DELETE FROM events WHERE position = ?", found)
        self._file.shrink()
        return len(found)

    def stored(self) -> int:
        """Up to which position, itself included, entries are in the event store; 0 at first."""
        return sum(position for (position,) in self._file.rows("SELECT position FROM stored"))

    def note_stored(self, position: int) -> None:
        """Note that entries up to a position are in the event store."""
        with self._file.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO stored VALUES (1, ?)", (position,))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
