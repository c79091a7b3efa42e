"""Writing that is either there whole or not there at all, also after a power cut.

What is not whole yet has a temporary name, and whoever writes it holds its lock (``flock``), which the system releases
when the process dies: a temporary name that nobody holds is what a killed process left (see `leftovers`).
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

TEMPORARY_PREFIX = ".tmp-"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (a rename is not, until its folder is synced)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the bytes of a closed file durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file's content in one step: a reader sees the old bytes or the new ones."""
    with staged_file(path) as temporary:
        temporary.write_bytes(content)


@contextlib.contextmanager
def staged_file(final: Path) -> Iterator[Path]:
    """Yield an empty file that takes the place of `final` when the block ends well, and vanishes when it does not."""
    final.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(final.parent, _make_file) as temporary:
        try:
            yield temporary
            sync_file(temporary)
            temporary.chmod(0o644)
            temporary.replace(final)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    sync_folder(final.parent)


@contextlib.contextmanager
def staged_folder(final: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `final` by rename when the block ends well, and vanishes when it does not.

    Raises
    ------
    FileExistsError
        When `final` is there already: what is published is never overwritten.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists():
        raise FileExistsError(final)
    with _temporary(final.parent, _make_folder) as staging:
        staging.chmod(0o755)
        try:
            yield staging
            for path in staging.iterdir():
                sync_file(path)
            sync_folder(staging)
            staging.rename(final)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
    sync_folder(final.parent)


@contextlib.contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Yield an empty folder that vanishes when the block ends; no sweep takes it for what a killed process left."""
    with _temporary(parent, _make_folder) as path:
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def leftovers(folder: Path) -> list[Path]:
    """The temporary files and folders in a folder that no living process is writing."""
    return [path for path in sorted(folder.glob(f"{TEMPORARY_PREFIX}*")) if not is_locked(path)]


def sweep(folder: Path) -> None:
    """Remove the `leftovers` of a folder; where that is not allowed they stay."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        with contextlib.suppress(OSError), locked(path, waits=False):
            _remove(path)


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock of a file or folder; also where that cannot be found out."""
    with contextlib.suppress(OSError), locked(path, waits=False):
        return False
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextlib.contextmanager
def _temporary(folder: Path, make: Callable[[Path], str]) -> Iterator[Path]:
    """Make something under a temporary name and hold its lock; made again where a sweep came before the lock."""
    while True:
        path = Path(make(folder))
        with contextlib.ExitStack() as held:
            with contextlib.suppress(FileNotFoundError):
                held.enter_context(locked(path, waits=True))
            if path.exists():
                yield path
                return


def _make_file(folder: Path) -> str:
    descriptor, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=folder)
    os.close(descriptor)
    return name


def _make_folder(folder: Path) -> str:
    return tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=folder)


@contextlib.contextmanager
def locked(path: Path, *, waits: bool) -> Iterator[None]:
    """Hold the lock of a file or folder. Raises ``BlockingIOError`` when another holds it and this does not wait."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
