"""A history table as NumPy files of a folder, mapped when it is read."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data.arrays.columns import Array
from data.arrays.history_table import HistoryTable
from data.arrays.writer import EVENT_FILES
from shortlist.atomic import TEMPORARY_PREFIX
from shortlist.errors import DataError
from shortlist.home import Home
from shortlist.ids import IdMap


def save_table(folder: Path, table: HistoryTable) -> None:
    """Write what the writer of the table has not written: everything that is not of single events."""
    arrays: dict[str, Array] = {"user_offsets": table.user_offsets, "kinds": table.kinds, "start": table.start}
    for name, ids in (("users", table.users), ("items", table.items)):
        arrays |= {f"{name}_text": ids.text, f"{name}_offsets": ids.offsets}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def load_table(folder: Path) -> HistoryTable:
    """Map a table whose events an `InteractionsWriter` wrote here."""
    columns = {name: _mapped(folder, name) for name in (*EVENT_FILES, "user_offsets", "kinds", "start")}
    users, items = (IdMap(_mapped(folder, f"{of}_text"), _mapped(folder, f"{of}_offsets")) for of in ("users", "items"))
    return HistoryTable(users=users, items=items, **columns)


@contextlib.contextmanager
def tables_of_work(home: Home) -> Iterator[None]:
    """Remove the tables of a home when the work on them has ended; work that was broken off finds them again."""
    try:
        yield
    except DataError:
        forget_tables(home)
        raise
    forget_tables(home)


def forget_tables(home: Home, but_of: str | None = None) -> None:
    """Remove the tables of a home; who has mapped one keeps it.

    Parameters
    ----------
    but_of : str, optional
        The beginning of the names of tables that stay, beside those that are being written.
    """
    if home.tables.is_dir():
        for folder in home.tables.iterdir():
            if not folder.name.startswith((TEMPORARY_PREFIX, but_of or TEMPORARY_PREFIX)):
                shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another is being written
            home.tables.rmdir()


def _mapped(folder: Path, name: str) -> Array:
    path = folder / f"{name}.npy"
    try:
        mapped: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # nothing can be mapped of an empty array
        return np.asarray(np.load(path, allow_pickle=False))
    return mapped.view(np.ndarray)
