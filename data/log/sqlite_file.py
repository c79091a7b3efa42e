"""One SQLite file that several processes share: what is committed survives `kill -9` and a power cut.

Write-ahead log, one sync for each transaction. https://www.sqlite.org/wal.html,
https://www.sqlite.org/pragma.html#pragma_synchronous
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from shortlist.atomic import locked
from shortlist.errors import StoreUnavailable

WAIT_SECONDS: Final = 5.0
"""As long does a process wait for another one's transaction."""


class SqliteFile:
    """A connection for one thread at a time; only the file's owner can read it.

    Parameters
    ----------
    path : Path
        The file; made with its folder where there is none.
    schema : str
        Statements that may run again and again.
    what : str
        What the file holds, for messages.

    Raises
    ------
    StoreUnavailable
        When the file cannot be opened, or is none of SQLite's.
    """

    def __init__(self, path: Path, schema: str, what: str) -> None:
        self._path, self._what = path, what
        with self._reachable():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._prepare(schema)

    def _prepare(self, schema: str) -> None:
        try:
            with locked(self._path.parent, waits=True):  # a first change to WAL fails at once beside another one
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA secure_delete = ON")
                self._connection.executescript(schema)
                self._path.chmod(0o600)
        except BaseException:
            self._connection.close()
            raise

    def rows(self, query: str, *values: object) -> list[Any]:
        """All rows of a query."""
        with self._reachable():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The write lock from the beginning, the sync at the end, nothing at all after an error."""
        with self._reachable():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def shrink(self) -> None:
        """Write the write-ahead log back and empty it, so that what was deleted is in neither file.

        Waits for those who read; raises ``StoreUnavailable`` when one of them goes on for too long.
        """
        with self._reachable():
            (is_busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if is_busy:
                raise sqlite3.OperationalError("another process has been reading it for long")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(
                f"{self._path}: {self._what} cannot be used ({error}). Look at the disk and its permissions."
            ) from error
