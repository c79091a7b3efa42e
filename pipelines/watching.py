"""Files that a shop drops into a folder, brought in once each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

from data.events import Reading
from data.settings import DataConfig
from pipelines.intake import Files, take_files
from shortlist.atomic import replace_file
from shortlist.errors import DataError
from shortlist.hashing import file_sha256
from shortlist.home import Home
from shortlist.progress import Reporter

KINDS: Final = ("items", "users", "events")
"""The folders that are looked into: the catalogue first, so that events find their items."""


def import_new(
    home: Home, watched: Path | None, given: Reading, config: DataConfig, reporter: Reporter
) -> tuple[str, ...]:
    """Import the files of ``watched/events``, ``items`` and ``users`` that were not imported before, by their content.

    Returns
    -------
    tuple of str
        The files, in the order of their names.

    Raises
    ------
    DataError
        When there is no such folder, or a file cannot be taken: those before it stay imported.
    """
    if watched is None:
        return ()
    if not any((watched / kind).is_dir() for kind in KINDS):
        raise DataError(f"{watched}: has no folder events, items or users. Put the files into these.")
    brought = []
    for kind, path, digest in _new(home, watched):
        take_files(home, Files(**{kind: [path]}), given, config, reporter)
        _remember(home, digest, path)
        brought.append(str(path))
    return tuple(brought)


def _new(home: Home, watched: Path) -> Iterator[tuple[str, Path, str]]:
    for kind in KINDS:
        for path in sorted((watched / kind).glob("*")):
            if path.is_file() and not path.name.startswith("."):
                digest = file_sha256(path)
                if digest not in _known(home):
                    yield kind, path, digest


def _known(home: Home) -> dict[str, str]:
    """The files that were brought in: by their SHA-256, under what name."""
    try:
        found: dict[str, str] = orjson.loads(_path(home).read_bytes())
    except FileNotFoundError:
        return {}
    return found


def _remember(home: Home, digest: str, path: Path) -> None:
    replace_file(_path(home), orjson.dumps(_known(home) | {digest: str(path)}, option=orjson.OPT_INDENT_2))


def _path(home: Home) -> Path:
    return home.root / "watched.json"
