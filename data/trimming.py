"""Deleting the oldest events of a home, when somebody asks for it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from data.inventory import day_files
from data.publication import Publication, import_lock
from shortlist.errors import DataError
from shortlist.home import Home

STAGED: Final = "trimming"


@dataclass(frozen=True, slots=True)
class DeletedEvents:
    """How many days of events were deleted, and how large their files were."""

    n_days: int = 0
    size_bytes: int = 0


def delete_events_before(home: Home, day: date, *, is_tried: bool = False) -> DeletedEvents:
    """Delete the events of all days (UTC) before one, in one step that a crash cannot halve.

    Parameters
    ----------
    is_tried : bool
        Only say what would be deleted.

    Raises
    ------
    DataError
        When no event would be left, or a stored file is missing, foreign or damaged.
    StoreUnavailable
        When an import is running.
    """
    with import_lock(home):
        stored = day_files(home)
        doomed = {one: files for one, files in stored.items() if one < day}
        if doomed and len(doomed) == len(stored):
            raise DataError(f"{home.root}: all events are from before {day}, none would be left. Name an earlier day.")
        found = [path for files in doomed.values() for path in files]
        deleted = DeletedEvents(len(doomed), sum(path.stat().st_size for path in found))
        if found and not is_tried:
            _delete(home, found)
        return deleted


def _delete(home: Home, paths: list[Path]) -> None:
    publication = Publication(home, STAGED)
    for path in paths:
        publication.remove(path)
    publication.publish()
