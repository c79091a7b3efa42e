"""What imports and trainings need: the least memory and disk, which is half of what was measured, and about how long.

They refuse what could not end well, and say how long to wait.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipelines.costs import (
    BUNDLE_BYTES_PER_EVENT,
    LIBRARIES,
    SORTED_COPIES,
    large_import_cost,
    training_cost,
    whole_import_cost,
)
from pipelines.settings import Config
from shortlist.progress import Reporter
from shortlist.room import Need, require_room

MEGABYTE: Final = 1_000_000
BYTES_PER_ROW: Final = 45
"""Of a file, where its rows have not been counted."""

_TRAININGS_OF_A_RETRAINING: Final = 4
"""The recipe until the last days, the serving one, the baselines, and the recipe on everything."""


def of_import(paths: Iterable[Path]) -> Need:
    """What an import of files and folders takes: they are held whole, and stored compressed."""
    size = sum(_size(path) for path in paths)
    seconds = whole_import_cost(size // BYTES_PER_ROW).seconds
    return Need(disk=MEGABYTE + size // 10, memory=int(LIBRARIES / 2) + size, seconds=seconds)


def of_large_import(events: Iterable[Path], others: Iterable[Path]) -> Need:
    """What an import takes whose events are read day by day: sorted through the disk, a group of days in memory."""
    size, rest = sum(_size(path) for path in events), of_import(others)
    cost = large_import_cost(size // BYTES_PER_ROW)
    return Need(
        disk=rest.disk + int(SORTED_COPIES * size),
        memory=rest.memory + int(cost.memory / 2),
        seconds=rest.seconds + cost.seconds,
    )


def of_training(n_events: int, config: Config) -> Need:
    """What a training on so many events takes."""
    cost = training_cost(n_events, config)
    disk = MEGABYTE + int(BUNDLE_BYTES_PER_EVENT * n_events)
    return Need(disk=disk, memory=int(cost.memory / 2), seconds=cost.seconds)


def of_evaluation(n_events: int, config: Config) -> Need:
    """What an evaluation takes, which trains, too, and fits the baselines."""
    need = of_training(n_events, config)
    return replace(need, seconds=2 * need.seconds)


def of_retraining(n_events: int, config: Config) -> Need:
    """What a retraining takes."""
    need = of_training(n_events, config)
    return replace(need, seconds=_TRAININGS_OF_A_RETRAINING * need.seconds)


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work on a log: its name in messages, and what it takes for so many events."""

    name: str
    need: Callable[[int, Config], Need]


TRAINING: Final = Work("a training", of_training)
EVALUATION: Final = Work("an evaluation", of_evaluation)
RETRAINING: Final = Work("a retraining", of_retraining)


def require(folder: Path, need: Need, work: str, reporter: Reporter) -> None:
    """Demand that there is room for a piece of work, and say what it takes.

    Raises
    ------
    StoreUnavailable
        When the folder cannot be written to, or disk or memory cannot be enough.
    """
    require_room(folder, need, work)
    reporter.step(f"{work} takes {need.said()}")


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())
