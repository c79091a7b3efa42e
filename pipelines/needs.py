"""The least that imports and trainings take, as measured (docs/performance.md) and halved."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from shortlist.room import Need

MEGABYTE: Final = 1_000_000
_LIBRARIES: Final = 200 * MEGABYTE
_BYTES_PER_LABELLED_EVENT: Final = 4_000
_MAX_LABELLED_EVENTS: Final = 150_000
"""Candidates and features of the labelled users, whose number has a limit."""

_BYTES_PER_EVENT: Final = 750
_BUNDLE_BYTES_PER_EVENT: Final = 25


def of_import(paths: Iterable[Path]) -> Need:
    """What an import of files and folders takes: they are held whole, and stored compressed."""
    size = sum(_size(path) for path in paths)
    return Need(disk=MEGABYTE + size // 10, memory=_LIBRARIES + size)


def of_training(n_events: int) -> Need:
    """What a training on so many events takes, and an evaluation, which trains too."""
    labelled = min(n_events, _MAX_LABELLED_EVENTS) * _BYTES_PER_LABELLED_EVENT
    return Need(
        disk=MEGABYTE + _BUNDLE_BYTES_PER_EVENT * n_events,
        memory=_LIBRARIES + labelled + _BYTES_PER_EVENT * n_events,
    )


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())
