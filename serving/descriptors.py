"""How many files and connections a process may hold open."""

import contextlib
import resource
from pathlib import Path
from typing import Final

OPEN_FILES: Final = Path("/proc/self/fd")
SPARE: Final = 64
"""For Redis, logs and what a library opens for a moment."""


def raise_limit() -> int:
    """Allow this process as many open files as the system lets it, and say how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard
    return soft


def most_connections() -> int:
    """How many connections leave room for the files that a second bundle needs while it takes the first one's place."""
    return max(1, raise_limit() - 2 * _n_open() - SPARE)


def _n_open() -> int:
    try:
        return sum(1 for _ in OPEN_FILES.iterdir())
    except OSError:  # not Linux
        return SPARE
