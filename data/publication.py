"""Changing many files of a home in one step that a crash at any moment cannot halve.

New files are staged under ``.staging/`` in the home and made durable. Then a redo record that lists their renames is
written, which is the moment of the change: from then on the change is done, by this process or by the next one that
opens the store. The renames follow, then the record is removed. Files staged without a redo record never happened.

Two locks keep processes apart, both released by the system when a process dies: one importer at a time holds
``.import.lock``, and ``.publish.lock`` is held by it, exclusively, while files are renamed and, shared, by those who
read.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from data.inventory import check_name, inventory_or_adopted, is_data_file
from shortlist.atomic import replace_file, sync_file, sync_folder
from shortlist.errors import DataError, StoreUnavailable
from shortlist.home import Home
from shortlist.progress import Reporter, SilentReporter

PUBLISH_LOCK: Final = ".publish.lock"
_SYNC_THREADS: Final = 16


class _Redo(BaseModel):
    """The record of a change: the folder under ``.staging/``, and the new and removed files, by their places."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    staged: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    targets: list[Annotated[str, AfterValidator(check_name)]]
    removed: list[Annotated[str, AfterValidator(check_name)]] = Field(default_factory=list)


@contextlib.contextmanager
def import_lock(home: Home) -> Iterator[None]:
    """Be the only importer of a home, which is created when there is none, and mend what a dead one left.

    Raises
    ------
    StoreUnavailable
        When another process is importing, or the home cannot be written to.
    """
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        lock = home.import_lock.open("a")
    except OSError as error:
        raise StoreUnavailable(f"{home.root}: cannot be written to: {error.strerror}. Name another --home.") from error
    with lock:
        if not _try_lock(lock):
            raise StoreUnavailable(f"{home.root}: another import is running. Wait for it to end and try again.")
        _mend(home)
        yield


@contextlib.contextmanager
def reading(home: Home) -> Iterator[None]:
    """See the home between two changes, never within one; nothing is created where there is no home."""
    while True:
        mend_if_idle(home)
        try:
            lock = (home.root / PUBLISH_LOCK).open("r")
        except FileNotFoundError:
            yield
            return
        with lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            if not home.redo.exists():  # else its importer died while this process waited
                yield
                return


@dataclass(slots=True)
class Publication:
    """The new files of one change, staged until `publish`.

    Attributes
    ----------
    home : Home
    name : str
        The name of the folder that they are staged in.
    """

    home: Home
    name: str
    _targets: list[str] = field(default_factory=list)
    _removed: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where files are staged."""
        return self.home.staging / self.name

    def stage(self, target: Path) -> Path:
        """Where to write the new content of `target`, a file of the home that may exist or not."""
        relative = check_name(str(target.relative_to(self.home.root)))
        staged = self.folder / relative
        staged.parent.mkdir(parents=True, exist_ok=True)
        self._targets.append(relative)
        return staged

    def remove(self, target: Path) -> None:
        """Take a file of the home away with the change."""
        self._removed.append(check_name(str(target.relative_to(self.home.root))))

    def publish(self, reporter: Reporter | None = None) -> None:
        """Make the staged files durable and put them into place, in the order in which they were staged."""
        says = reporter or SilentReporter()
        before = inventory_or_adopted(self.home).without(self._removed)
        listed = before.updated(self.folder, filter(is_data_file, self._targets))
        self.stage(self.home.stored_files).write_bytes(listed.to_json())
        says.step(f"Securing {len(self._targets):,} new files")
        _sync_all(sync_file, (self.folder / target for target in self._targets))
        redo = _Redo(staged=self.name, targets=self._targets, removed=self._removed)
        _sync_all(sync_folder, {self.folder.parent, *_folders_of(self.folder, self._targets)})
        with (self.home.root / PUBLISH_LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            replace_file(self.home.redo, redo.model_dump_json().encode())
            _roll_forward(self.home, says)


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _mend(home: Home) -> None:
    """Finish a change that was decided, and throw away one that was not. The import lock must be held."""
    if home.redo.exists():
        with (home.root / PUBLISH_LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _roll_forward(home, SilentReporter())
    shutil.rmtree(home.staging, ignore_errors=True)


def mend_if_idle(home: Home) -> None:
    """Finish or throw away what an import left, if no importer is alive."""
    if not home.redo.exists() and not home.staging.exists():
        return
    with home.import_lock.open("a") as lock:
        if _try_lock(lock):
            _mend(home)


def _roll_forward(home: Home, reporter: Reporter) -> None:
    """Do the renames of the redo record that are not done yet, and remove it."""
    redo = _read_redo(home)
    staging = home.staging / redo.staged
    for target in reporter.track(redo.targets, len(redo.targets), "Putting files into place"):
        final = home.root / target
        if (staging / target).exists():
            final.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / target, final)
    for target in redo.removed:
        (home.root / target).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # other files are there, or it has gone already
            (home.root / target).parent.rmdir()
    _sync_all(sync_folder, filter(Path.is_dir, _folders_of(home.root, [*redo.targets, *redo.removed])))
    home.redo.unlink()
    sync_folder(home.root)
    shutil.rmtree(home.staging, ignore_errors=True)


def _read_redo(home: Home) -> _Redo:
    path = home.redo
    try:
        return _Redo.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(
            f"{path}: is not the record of a change: {error.errors()[0]['msg']}. Restore the home from a backup; or "
            "delete this file and import the last files again."
        ) from error


def _sync_all(sync: Callable[[Path], None], paths: Iterable[Path]) -> None:
    """Sync many paths side by side, so that the file system can join their journal entries."""
    with ThreadPoolExecutor(_SYNC_THREADS) as pool:
        for done in [pool.submit(sync, path) for path in paths]:
            done.result()


def _folders_of(root: Path, targets: Iterable[str]) -> set[Path]:
    """The folders of relative paths, with all that lie between them and the root."""
    return {root / parent for target in targets for parent in Path(target).parents}
