"""The care of a home: what a killed command left there, and whether events and catalogue are as they were imported."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from shortlist.atomic import is_locked, leftovers, sweep
from shortlist.doctor import Finding
from shortlist.errors import ShortlistError
from shortlist.home import Home


def tidy(home: Home) -> None:
    """Remove what killed commands left, and finish an import that had been decided.

    What cannot be mended is left to the command that needs it, and to `shortlist doctor`.
    """
    for folder in _folders(home):
        sweep(folder)
    if _unfinished(home):
        from data.publication import mend_if_idle

        with contextlib.suppress(ShortlistError, OSError):
            mend_if_idle(home)


def examine_home(home: Home) -> Iterator[Finding]:
    """What lies in a home that no command wrote whole, and whether its events and catalogue can be read."""
    yield _leftovers(home)
    try:
        from data.catalog import read_items, read_users
        from data.inventory import check_content, day_files
        from data.publication import reading

        with reading(home):
            days = day_files(home)
            check_content(home, [file for files in days.values() for file in files])
        n_items, n_users = len(read_items(home)), len(read_users(home))
    except ShortlistError as error:
        yield Finding("data", "broken", str(error), "what the message says; rows that are lost can be imported again")
    except (ImportError, OSError) as error:
        yield Finding("data", "broken", f"cannot be looked at: {error}", "mend the libraries and the disk first")
    else:
        found = f"events of {len(days):,} days, {n_items:,} items and {n_users:,} users, all as they were imported"
        yield Finding("data", "fine", found)


def _folders(home: Home) -> list[Path]:
    """The folders in which something may be being written under a temporary name."""
    places = (home.root, home.bundles, home.tables, home.reports, *home.reports.glob("*/"))
    return [folder for folder in places if folder.is_dir()]


def _unfinished(home: Home) -> list[Path]:
    """What a killed import left."""
    if home.import_lock.exists() and is_locked(home.import_lock):
        return []
    return [path for path in (home.redo, home.staging) if path.exists()]


def _leftovers(home: Home) -> Finding:
    found = [path for folder in _folders(home) for path in leftovers(folder)] + _unfinished(home)
    if not found:
        return Finding("leftovers", "fine", "nothing of a killed command")
    size = sum(part.stat().st_size for path in found for part in (path, *path.rglob("*")) if part.is_file())
    names = ", ".join(str(path) for path in found)
    return Finding("leftovers", "warning", f"{names}: {size / 1e6:.1f} MB", "the next command removes them")
