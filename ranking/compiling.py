"""Where compiled kernels are kept: beside their source, else in the home."""

import os
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numba
from numba.core.registry import CPUDispatcher

from candidate_gen import kernels as stage_one
from ranking import kernels as features
from ranking import trees
from shortlist.home import Home

MODULES: Final[tuple[ModuleType, ...]] = (stage_one, features, trees)


def all_kernels() -> dict[str, Any]:
    """Every Numba function, by module and name."""
    return {
        f"{module.__name__}.{name}": value
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, CPUDispatcher)
    }


def keep_compiled(home: Home) -> None:
    """Keep what is compiled from now on in the home, where the package's own folder cannot be written.

    Else each process would compile for itself, some twenty seconds. Numba reads back what it kept, which is code: so
    only from a folder that belongs to this process's user and that no other can write.
    """
    if stage_one.CAN_KEEP or not _is_ours(home.compiled):
        return
    numba.config.CACHE_DIR = str(home.compiled)  # type: ignore[attr-defined]
    for kernel in all_kernels().values():
        kernel.enable_caching()


def _is_ours(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:  # a home that cannot be written either
        return False
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022 and not folder.is_symlink()
