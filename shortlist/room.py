"""Whether permissions, disk and memory allow a piece of work, asked before minutes are spent on it.

Needs are careful lower bounds: what is refused could not have ended well.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from shortlist.errors import StoreUnavailable

_CGROUP: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Need:
    """The least that a piece of work takes, in bytes, and about how long it takes, in seconds."""

    disk: int = 0
    memory: int = 0
    seconds: float = 0.0

    def said(self) -> str:
        """In words: ``at least 900 MB of memory and 40 MB of disk, about 4 minutes``."""
        minutes = round(self.seconds / 60)
        long = f"about {minutes} minute{'s' if minutes > 1 else ''}" if minutes else "less than a minute"
        return f"at least {self.memory / 1e6:,.0f} MB of memory and {self.disk / 1e6:,.0f} MB of disk, {long}"


def require_room(folder: Path, need: Need, work: str) -> None:
    """Demand that a folder can be written to and has room, and that there is memory.

    Parameters
    ----------
    folder : Path
        Where the result goes; it need not exist.
    need : Need
    work : str
        What needs it, for the message.

    Raises
    ------
    StoreUnavailable
    """
    nearest = nearest_folder(folder)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise StoreUnavailable(f"{nearest}: cannot be written to, so {work} was not begun. Name another folder.")
    free = shutil.disk_usage(nearest).free
    if free < need.disk:
        raise StoreUnavailable(
            f"{nearest}: {free / 1e6:,.0f} MB free, and {work} needs at least {need.disk / 1e6:,.0f} MB; nothing was "
            "begun. Make room, or name another folder."
        )
    memory = available_memory()
    if memory < need.memory:
        raise StoreUnavailable(
            f"{memory / 1e6:,.0f} MB of memory available, and {work} needs at least {need.memory / 1e6:,.0f} MB; "
            "nothing was begun. Free memory, or take a larger machine."
        )


def nearest_folder(path: Path) -> Path:
    """A path, or the nearest above it that exists."""
    return next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())


def available_memory() -> int:
    """Bytes that can be had without swapping: of the machine, and of the container's limit where there is one."""
    return min(int(psutil.virtual_memory().available), _container_memory())


def _container_memory() -> int:
    """What the control group's limit leaves (cgroup v2), file caches given back; beyond measure without a limit."""
    try:
        limit, used = (int((_CGROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        statistics = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no control group, or its limit is the word max
        return 2**63
    return max(limit - used + int(statistics.get("inactive_file", 0)), 0)
