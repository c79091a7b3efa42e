"""Everything in a home that names a user."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import pyarrow.parquet as pq

from data.mentions import mentions_in_json, mentions_in_rows, word
from data.people import canonical_user, read_people
from shortlist.errors import BundleError
from shortlist.home import Home
from shortlist.registry import Registry

LONG_NUMBER: Final = 6
"""A shorter number alone says nothing in a page or a text that is full of figures: there it is not looked for."""

_TEXTS: Final = (".html", ".md", ".txt", ".csv", ".log", ".toml")


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that names a user.

    Attributes
    ----------
    place : str
        Relative to the home.
    count : int
        How many rows or texts.
    is_hidden : bool
        Whether it is in a bundle whose histories of the user are never used again.
    """

    place: str
    count: int
    is_hidden: bool = False


def find_mentions(home: Home, user_id: str) -> Iterator[Mention]:
    """Search every file of a home: tables, records, journal and register (bytes of deleted rows too), bundles.

    Of a bundle, the map of its users; in pages and texts, ids that are more than a short number.
    """
    written = canonical_user(user_id)
    yield from _in_bundles(home, written)
    for path in sorted(home.root.rglob("*")):
        inside = path.relative_to(home.root)
        if path.is_file() and not path.is_symlink() and inside.parts[0] != home.bundles.name:
            count = _count(path, written)
            if count:
                yield Mention(str(inside), count)


def _count(path: Path, user_id: str) -> int:
    if path.name.startswith((home_file("journal"), home_file("register"))):
        return _in_database(path, user_id)
    counts: dict[str, Callable[[Path, str], int]] = {".parquet": _in_table, ".json": _in_json}
    counts |= dict.fromkeys(_TEXTS, _in_text)
    return counts[path.suffix](path, user_id) if path.suffix in counts else 0


def home_file(name: str) -> str:
    """The name of a database of a home, to which SQLite adds ``-wal`` and ``-shm``."""
    return str(getattr(Home(Path()), name).name)


def _in_database(path: Path, user_id: str) -> int:
    """Of the bytes, so that nothing hides in pages that are free."""
    content = path.read_bytes()
    return sum(content.count(orjson.dumps({name: user_id})[1:-1]) for name in ("user_id", "source", "into"))


def _in_table(path: Path, user_id: str) -> int:
    return int(mentions_in_rows(pq.ParquetFile(path).read(), user_id).sum())


def _in_json(path: Path, user_id: str) -> int:
    try:
        return sum(1 for _ in mentions_in_json(orjson.loads(path.read_bytes()), user_id))
    except orjson.JSONDecodeError:
        return _in_text(path, user_id)


def _in_text(path: Path, user_id: str) -> int:
    if re.fullmatch(r"\d+", user_id) and len(user_id) < LONG_NUMBER:
        return 0
    return len(word(user_id).findall(path.read_text(encoding="utf-8", errors="replace")))


def _in_bundles(home: Home, user_id: str) -> Iterator[Mention]:
    registry, moment = Registry(home), read_people(home).moment(user_id)
    for version in sorted(path.name for path in home.bundles.glob("*/")):
        try:
            bundle = registry.open(version)
        except BundleError:
            yield Mention(f"{home.bundles.name}/{version} (damaged, not searched)", 1)
            continue
        if bundle.ids("users").find(user_id) >= 0:
            read_at = bundle.manifest.data.read_at
            is_hidden = moment is not None and (read_at is None or moment >= read_at.timestamp())
            yield Mention(f"{home.bundles.name}/{version}", 1, is_hidden)
