"""How many of a service's processes have ended by themselves, in a file that they share."""

import os
from pathlib import Path
from typing import Final

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of one service share their figures: the Prometheus client's name for it.

It must be set before that library is imported.
"""

NAME: Final = "deaths"


def note_death(folder: Path, pid: int, total: int) -> None:
    """Note how many there are now, and take the gauges of the process that ended out of the figures.

    Raises
    ------
    OSError
        When the folder cannot be written to.
    """
    for path in folder.glob(f"gauge_live*_{pid}.db"):
        path.unlink(missing_ok=True)
    temporary = folder / f"{NAME}.new"
    temporary.write_text(str(total))
    os.replace(temporary, folder / NAME)


def n_deaths(folder: Path) -> int:
    """How many were noted."""
    try:
        return int((folder / NAME).read_text())
    except (OSError, ValueError):
        return 0
