"""The journal in one SQLite file, which needs no server.

Write-ahead log, one transaction for each `append`, synced before it returns: `kill -9` and a power cut lose nothing
that was acknowledged. https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html#pragma_synchronous
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from data.log.journal import Entry, Kept
from shortlist.errors import StoreUnavailable

WAIT_SECONDS: Final = 5.0
"""As long does a process wait for another one's transaction."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    content BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS stored (only INTEGER PRIMARY KEY CHECK (only = 1), position INTEGER NOT NULL) STRICT;
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
        self._path = path
        with self._reachable():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._prepare()

    def _prepare(self) -> None:
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_SCHEMA)
            self._path.chmod(0o600)
        except BaseException:
            self._connection.close()
            raise

    def append(self, entries: Sequence[Entry]) -> list[bool]:
        """Keep entries durably, all or none; for each whether it is new, False where its key is in the journal."""
        command = "INSERT INTO events (key, content) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
        with self._transaction():
            return [self._connection.execute(command, (one.key, one.content)).rowcount > 0 for one in entries]

    def read_after(self, position: int, n: int) -> list[Kept]:
        """At most `n` entries behind a position, in their order; 0 begins at the beginning."""
        command = "SELECT position, key, content FROM events WHERE position > ? ORDER BY position LIMIT ?"
        with self._reachable():
            rows = self._connection.execute(command, (position, n)).fetchall()
        return [Kept(place, Entry(key, content)) for place, key, content in rows]

    def trim(self, position: int) -> int:
        """Forget everything up to a position, itself included; how many entries that were."""
        with self._transaction():
            return self._connection.execute("DELETE FROM events WHERE position <= ?", (position,)).rowcount

    def stored(self) -> int:
        """Up to which position, itself included, entries are in the event store; 0 at first."""
        with self._reachable():
            row = self._connection.execute("SELECT position FROM stored").fetchone()
        return 0 if row is None else int(row[0])

    def note_stored(self, position: int) -> None:
        """Note that entries up to a position are in the event store."""
        with self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO stored VALUES (1, ?)", (position,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """The write lock from the beginning, the sync at the end, nothing at all after an error."""
        with self._reachable():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(
                f"{self._path}: the journal of events cannot be used ({error}). Look at the disk and its permissions."
            ) from error
