"""What work on a log costs on two cores of 2024, as measured (docs/performance.md, "How cost grows").

`needs` asks for half of the memory before work begins, `sizing` adds up what a whole shop takes. Bytes, and seconds of
one core.
"""

from dataclasses import dataclass
from typing import Final

from pipelines.settings import Config

LIBRARIES: Final = 0.4e9
"""What a command holds before it has read anything."""

STORED_BYTES_PER_EVENT: Final = 18.0
BUNDLE_BYTES_PER_EVENT: Final = 11.0
SORTED_COPIES: Final = 3.0
"""How often the events lie on the disk while they are imported: as they were, sorted, and stored."""

_MAX_LABELLED_EVENTS: Final = 150_000
_BYTES_PER_LABELLED_EVENT: Final = 20_000
"""Candidates and features of the labelled users, whose number has a limit."""

_BYTES_PER_FITTED_EVENT: Final = 430
_SECONDS_PER_LABELLED_EVENT: Final = 0.8e-3
_SECONDS_PER_FITTED_EVENT: Final = 80e-6
_SECONDS_TO_READ_AN_EVENT: Final = 1.7e-6

_WHOLE_IMPORT_BYTES_PER_EVENT: Final = 450
_LARGE_IMPORT_BYTES: Final = 2.2e9
_LARGE_IMPORT_BYTES_PER_EVENT: Final = 9
_IMPORT_SECONDS_PER_EVENT: Final = 4.2e-6


@dataclass(frozen=True, slots=True)
class Cost:
    """Memory in bytes, and seconds of one core."""

    memory: float
    seconds: float


def training_cost(n_events: int, config: Config) -> Cost:
    """What a training on so many events takes."""
    labelled, fitted = min(n_events, _MAX_LABELLED_EVENTS), min(n_events, config.training.max_events)
    searching = config.candidate_gen.als.search_seconds if n_events > labelled else 0.0
    working = labelled * _SECONDS_PER_LABELLED_EVENT + fitted * _SECONDS_PER_FITTED_EVENT
    return Cost(
        memory=LIBRARIES + labelled * _BYTES_PER_LABELLED_EVENT + fitted * _BYTES_PER_FITTED_EVENT,
        seconds=2 + searching + working + n_events * _SECONDS_TO_READ_AN_EVENT,
    )


def whole_import_cost(n_events: int) -> Cost:
    """What an import takes that holds all events."""
    return Cost(LIBRARIES + n_events * _WHOLE_IMPORT_BYTES_PER_EVENT, 1 + n_events * _IMPORT_SECONDS_PER_EVENT)


def large_import_cost(n_events: int) -> Cost:
    """What an import takes that sorts the events through the disk, and holds a group of days."""
    memory = LIBRARIES + _LARGE_IMPORT_BYTES + n_events * _LARGE_IMPORT_BYTES_PER_EVENT
    return Cost(memory, 1 + n_events * _IMPORT_SECONDS_PER_EVENT)
