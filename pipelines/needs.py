"""What imports and trainings take: the least memory and disk, as measured and halved, and about how long.

Measured on two cores of 2024 (docs/performance.md); they refuse what could not end well, and say how long to wait.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipelines.settings import Config
from shortlist.progress import Reporter
from shortlist.room import Need, require_room

MEGABYTE: Final = 1_000_000
_LIBRARIES: Final = 200 * MEGABYTE
_BYTES_PER_LABELLED_EVENT: Final = 6_000
_MAX_LABELLED_EVENTS: Final = 150_000
"""Candidates and features of the labelled users, whose number has a limit."""

_BYTES_PER_EVENT: Final = 300
_BUNDLE_BYTES_PER_EVENT: Final = 25

_LARGE_IMPORT_BYTES: Final = 1_500 * MEGABYTE
_IMPORTED_BYTES_PER_SECOND: Final = 10 * MEGABYTE
_SECONDS_PER_LABELLED_EVENT: Final = 0.0006
_SECONDS_PER_EVENT: Final = 0.00006
_SECONDS_TO_READ_AN_EVENT: Final = 0.0000017
_TRAININGS_OF_A_RETRAINING: Final = 4
"""The recipe until the last days, the serving one, the baselines, and the recipe on everything."""


def of_import(paths: Iterable[Path]) -> Need:
    """What an import of files and folders takes: they are held whole, and stored compressed."""
    size = sum(_size(path) for path in paths)
    return Need(disk=MEGABYTE + size // 10, memory=_LIBRARIES + size, seconds=1 + size / _IMPORTED_BYTES_PER_SECOND)


def of_large_import(events: Iterable[Path], others: Iterable[Path]) -> Need:
    """What an import takes whose events are read day by day: sorted through the disk, a group of days in memory."""
    size, rest = sum(_size(path) for path in events), of_import(others)
    return Need(
        disk=rest.disk + 3 * size,
        memory=rest.memory + _LARGE_IMPORT_BYTES,
        seconds=rest.seconds + size / _IMPORTED_BYTES_PER_SECOND,
    )


def of_training(n_events: int, config: Config) -> Need:
    """What a training on so many events takes."""
    labelled, held = min(n_events, _MAX_LABELLED_EVENTS), min(n_events, config.training.max_events)
    searching = config.candidate_gen.als.search_seconds if n_events > labelled else 0.0
    return Need(
        disk=MEGABYTE + _BUNDLE_BYTES_PER_EVENT * n_events,
        memory=_LIBRARIES + labelled * _BYTES_PER_LABELLED_EVENT + _BYTES_PER_EVENT * held,
        seconds=2
        + searching
        + labelled * _SECONDS_PER_LABELLED_EVENT
        + held * _SECONDS_PER_EVENT
        + n_events * _SECONDS_TO_READ_AN_EVENT,
    )


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
