"""What a shop of a size takes, computed from what shops of four sizes took (docs/performance.md, "How cost grows")."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

from data.large_files import LARGE_ROWS
from pipelines.costs import (
    BUNDLE_BYTES_PER_EVENT,
    SORTED_COPIES,
    STORED_BYTES_PER_EVENT,
    large_import_cost,
    training_cost,
    whole_import_cost,
)
from pipelines.settings import Config

EVENTS_PER_USER: Final = 20
"""Where nobody says how many events are kept."""

BUSY_SHARE: Final = 0.6
"""Of a core's time that requests may take: beyond, those that come together wait for each other."""

GIGABYTE: Final = 1e9

_STORED_BYTES: Final = 22e6
"""Of the catalogue and the home's own files."""

_BUNDLE_BYTES_PER_USER: Final = 25.0
_BUNDLE_BYTES_PER_ITEM: Final = 4_100.0

_WORKER_BYTES: Final = 300e6
_REQUEST_SECONDS: Final = 1.65e-3
_REQUEST_SECONDS_PER_TENFOLD: Final = 0.2e-3
"""With a thousand items and a hundred thousand users; and more for each ten times as many of either."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a shop takes, in bytes and in seconds of one core.

    Attributes
    ----------
    stored, bundle : float
        Disk of the events, and of each bundle.
    work_disk : float
        What an import of all events, or a training, takes beside them while it runs.
    import_memory, training_memory : float
    worker_memory, shared_memory : float
        What each worker of a service has of its own, and what all share: the bundle.
    import_seconds, training_seconds : float
    cores : int
        For the requests, with nothing in the cache.
    """

    stored: float
    bundle: float
    work_disk: float
    import_memory: float
    training_memory: float
    worker_memory: float
    shared_memory: float
    import_seconds: float
    training_seconds: float
    cores: int

    def to_dict(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)


def size_of(n_users: int, n_items: int, n_events: int, rate: float, config: Config) -> Size:
    """Compute what a shop takes.

    Parameters
    ----------
    rate : float
        Requests a second.
    """
    stored = _STORED_BYTES + STORED_BYTES_PER_EVENT * n_events
    bundle = BUNDLE_BYTES_PER_EVENT * n_events + _BUNDLE_BYTES_PER_USER * n_users + _BUNDLE_BYTES_PER_ITEM * n_items
    importing = (whole_import_cost if n_events < LARGE_ROWS else large_import_cost)(n_events)
    training = training_cost(n_events, config)
    tenfolds = max(math.log10(n_items / 1_000), 0.0) + max(math.log10(n_users / 100_000), 0.0)
    request = _REQUEST_SECONDS + _REQUEST_SECONDS_PER_TENFOLD * tenfolds
    return Size(
        stored=stored,
        bundle=bundle,
        work_disk=max(SORTED_COPIES * stored, 2 * bundle),
        import_memory=importing.memory,
        training_memory=training.memory,
        worker_memory=_WORKER_BYTES,
        shared_memory=bundle,
        import_seconds=importing.seconds,
        training_seconds=training.seconds,
        cores=math.ceil(rate * request / BUSY_SHARE),
    )
