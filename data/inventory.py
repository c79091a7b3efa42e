"""What a home should hold: the size and SHA-256 of every stored file of events and catalogue.

The list is replaced in the same step as the files (`data.publication`), so that a file that is missing, foreign or
damaged is told from one that an import put there. A home of release 0.1 has no list until its next import.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shortlist.errors import DataError
from shortlist.hashing import file_sha256
from shortlist.home import Home

DAY_PREFIX: Final = "date="

_DAY: Final = re.compile(rf"{DAY_PREFIX}\d{{4}}-\d{{2}}-\d{{2}}")
_PLAIN: Final = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_DATA_FILE: Final = re.compile(rf"events/{_DAY.pattern}/{_PLAIN}\.parquet|catalog/(?:items|users)\.parquet")
_OTHER_FILE: Final = re.compile(rf"rejects/{_PLAIN}\.parquet|imports/{_PLAIN}\.json|files\.json")


def is_data_file(name: str) -> bool:
    """Whether a path relative to the home is that of a file of events or catalogue."""
    return _DATA_FILE.fullmatch(name) is not None


def check_name(name: str) -> str:
    """Pass the relative path of a file that an import writes. Raises ``ValueError`` for any other."""
    if not is_data_file(name) and not _OTHER_FILE.fullmatch(name):
        raise ValueError(f"{name!r} is not a file that an import writes")
    return name


class StoredFile(BaseModel):
    """What is known of one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size_bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")

    @classmethod
    def of(cls, path: Path) -> "StoredFile":
        """Measure a file."""
        return cls(size_bytes=path.stat().st_size, sha256=file_sha256(path))


class Inventory(BaseModel):
    """The files of events and catalogue, by their paths relative to the home."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: Mapping[Annotated[str, AfterValidator(check_name)], StoredFile]

    def to_json(self) -> bytes:
        """The list as it is stored."""
        return self.model_dump_json(indent=1).encode()

    def without(self, names: Iterable[str]) -> "Inventory":
        """The list without some files."""
        gone = set(names)
        return Inventory(files={name: file for name, file in self.files.items() if name not in gone})

    def updated(self, staging: Path, names: Iterable[str]) -> "Inventory":
        """The list with the files that are staged under some names."""
        return Inventory(files={**self.files, **{name: StoredFile.of(staging / name) for name in names}})


def read_inventory(home: Home) -> Inventory | None:
    """The list of a home, None where there is none. Raises ``DataError`` for one that is damaged."""
    path = home.stored_files
    try:
        return Inventory.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise DataError(
            f"{path}: not a list of stored files: {error.errors()[0]['msg']}. Restore the home from a backup, or "
            "delete this file to go on with the files as they are."
        ) from error


def inventory_or_adopted(home: Home) -> Inventory:
    """The list of a home; where there is none, that of the files as they are."""
    found = read_inventory(home)
    if found is not None:
        return found
    paths = [*day_files(home).values(), [path for path in (home.items, home.users) if path.exists()]]
    names = [str(path.relative_to(home.root)) for files in paths for path in files]
    return Inventory(files={}).updated(home.root, names)


def day_files(home: Home) -> dict[date, list[Path]]:
    """The event files of each day, days and files in order, each of the size that it should have.

    Raises
    ------
    DataError
        When a file is missing, no import wrote it, it is a link or of another size, or something else lies among them.
    """
    listed = read_inventory(home)
    found = {_day(folder): _files_of(folder) for folder in _entries(home.events)}
    if listed is not None:
        _compare(home, [path for files in found.values() for path in files], listed)
    return found


def check_content(home: Home, paths: Iterable[Path]) -> None:
    """Compare the bytes of stored files with the list; nothing is compared where the home has none.

    Raises
    ------
    DataError
        When a file is damaged.
    """
    listed = read_inventory(home)
    if listed is None:
        return
    for path in paths:
        if listed.files.get(str(path.relative_to(home.root))) != StoredFile.of(path):
            raise DataError(f"{path}: its content is not what was imported. Restore it from a backup.")


def check_absent(home: Home, path: Path) -> None:
    """Raise ``DataError`` when a file that is not there should be."""
    listed = read_inventory(home)
    if listed is not None and str(path.relative_to(home.root)) in listed.files:
        raise _missing(home, path)


def _missing(home: Home, path: Path) -> DataError:
    return DataError(
        f"{path}: is missing, and an import wrote it. Restore it from a backup; if it was deleted on purpose, delete "
        f"{home.stored_files} too."
    )


def _entries(folder: Path) -> list[Path]:
    """What a folder holds, in order; hidden files, which systems leave anywhere, are passed over."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def _day(folder: Path) -> date:
    try:
        if _DAY.fullmatch(folder.name) and folder.is_dir():
            return date.fromisoformat(folder.name.removeprefix(DAY_PREFIX))
    except ValueError:  # the 31st of June
        pass
    raise DataError(f"{folder}: is no day of events ({DAY_PREFIX}YYYY-MM-DD). Move it out of the home.")


def _files_of(day: Path) -> list[Path]:
    files = _entries(day)
    for path in files:
        if path.is_symlink() or not path.is_file() or path.suffix != ".parquet":
            raise DataError(f"{path}: is no plain Parquet file. Move it out of the home.")
    return files


def _compare(home: Home, paths: list[Path], listed: Inventory) -> None:
    found = {str(path.relative_to(home.root)): path for path in paths}
    expected = {name: file for name, file in listed.files.items() if name.startswith(f"{home.events.name}/")}
    for name in sorted(expected.keys() - found.keys()):
        raise _missing(home, home.root / name)
    for name in sorted(found.keys() - expected.keys()):
        raise DataError(
            f"{found[name]}: no import of this home wrote it. Move it out of the home, then import it with --events."
        )
    for name, path in found.items():
        if path.stat().st_size != expected[name].size_bytes:
            raise DataError(
                f"{path}: {path.stat().st_size:,} bytes, not the {expected[name].size_bytes:,} that were imported. "
                "Restore it from a backup."
            )
