"""The register: small facts that count at once, and before the files that say otherwise.

An item's state, a user who is forgotten, two ids that are one user: each fact has one place, and the newest counts.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from data.log.sqlite_file import SqliteFile

Kind = Literal["item", "forgotten", "merged"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    content BLOB NOT NULL,
    is_stored INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, key)
) STRICT;
CREATE TABLE IF NOT EXISTS secret (only INTEGER PRIMARY KEY CHECK (only = 1), value BLOB NOT NULL) STRICT;
"""
_SECRET_BYTES: Final = 32
_FACTS: Final = "SELECT position, kind, key, content, is_stored FROM facts"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    Attributes
    ----------
    position : int
        Rises with every change of any fact.
    content : dict
        JSON values by name.
    is_stored : bool
        Whether the home's files say it too.
    """

    position: int
    kind: Kind
    key: str
    content: dict[str, Any]
    is_stored: bool


class Register:
    """The facts of one home, in a SQLite file; several processes may have it open, each for one thread at a time.

    Parameters
    ----------
    path : Path
        The file; made with its folder where there is none.

    Raises
    ------
    StoreUnavailable
        By every method, when the file cannot be opened, read or written.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, _SCHEMA, "the register")

    def put(self, kind: Kind, contents: Mapping[str, Mapping[str, Any]], *, is_stored: bool = False) -> None:
        """Put values over those that the facts have, all or none; durable when it returns."""
        command = "INSERT OR REPLACE INTO facts (kind, key, content, is_stored) VALUES (?, ?, ?, ?)"
        query = "SELECT content FROM facts WHERE kind = ? AND key = ?"
        with self._file.transaction() as connection:
            for key, content in contents.items():
                known = connection.execute(query, (kind, key)).fetchone()
                merged = {**({} if known is None else orjson.loads(known[0])), **content}
                connection.execute(command, (kind, key, orjson.dumps(merged), is_stored))

    def read_after(self, position: int) -> list[Fact]:
        """The facts that changed behind a position, in the order of their changes; 0 begins at the beginning."""
        return self._facts(f"{_FACTS} WHERE position > ? ORDER BY position", position)

    def waiting(self, kind: Kind) -> list[Fact]:
        """The facts of a kind that the home's files do not say yet."""
        return self._facts(f"{_FACTS} WHERE kind = ? AND NOT is_stored ORDER BY position", kind)

    def all_of(self, kind: Kind) -> list[Fact]:
        """The facts of a kind."""
        return self._facts(f"{_FACTS} WHERE kind = ? ORDER BY position", kind)

    def keys(self, kind: Kind) -> set[str]:
        """What there are facts of."""
        return {key for (key,) in self._file.rows("SELECT key FROM facts WHERE kind = ?", kind)}

    def note_stored(self, facts: Iterable[Fact]) -> None:
        """Note that files say these, unless they have changed meanwhile."""
        with self._file.transaction() as connection:
            for fact in facts:
                connection.execute("UPDATE facts SET is_stored = 1 WHERE position = ?", (fact.position,))

    def secret(self) -> bytes:
        """Random bytes that are made once and stay."""
        with self._file.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO secret VALUES (1, ?)", (secrets.token_bytes(_SECRET_BYTES),))
        ((value,),) = self._file.rows("SELECT value FROM secret")
        return bytes(value)

    def shrink(self) -> None:
        """Leave no byte of what was replaced."""
        self._file.shrink()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _facts(self, query: str, *values: object) -> list[Fact]:
        return [
            Fact(position, kind, key, orjson.loads(content), bool(is_stored))
            for position, kind, key, content, is_stored in self._file.rows(query, *values)
        ]
