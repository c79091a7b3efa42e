"""Files into the home, or what that would say: read whole, or some days at a time where they are large."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data.events import Reading
from data.importing import import_tables, read_files, validate_tables
from data.large_csv import opened_large
from data.large_import import import_large, validate_large
from data.report import ImportReport
from data.settings import DataConfig
from pipelines.needs import of_import, of_large_import, require
from shortlist.home import Home
from shortlist.progress import Reporter


@dataclass(frozen=True, slots=True)
class Files:
    """The files and folders of one import, by what they hold."""

    events: Sequence[Path] = ()
    items: Sequence[Path] = ()
    users: Sequence[Path] = ()


def take_files(
    home: Home,
    files: Files,
    given: Reading,
    config: DataConfig,
    reporter: Reporter,
    *,
    encoding: str | None = None,
    writes: bool = True,
) -> ImportReport:
    """Import files, or only say what an import would: see `data.importing.import_tables` for both, and for errors.

    Raises
    ------
    StoreUnavailable
        Also when disk or memory cannot be enough.
    """
    told: dict[str, Any] = {"now": datetime.now(UTC), "reporter": reporter}
    with opened_large(files.events, given, encoding, _work_folder(home, writes=writes), reporter) as large:
        others = [*files.items, *files.users]
        if writes:
            need = of_import([*files.events, *others]) if large is None else of_large_import(large.given, others)
            require(home.root, need, "an import", reporter)
        if large is None:
            sources = read_files(files.events, files.items, files.users, reporter, encoding)
            return (import_tables if writes else validate_tables)(home, sources, given, config, **told)
        sources = read_files([], files.items, files.users, reporter, encoding)
        return (import_large if writes else validate_large)(home, large, sources, given, config, **told)


def _work_folder(home: Home, *, writes: bool) -> Path:
    """Where large files are worked on: the home, or where it will be; without writing to it, the system's."""
    if writes:
        return next(folder for folder in (home.root, *home.root.absolute().parents) if folder.is_dir())
    return home.root if home.root.is_dir() else Path(tempfile.gettempdir())
