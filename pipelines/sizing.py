"""What a shop of a size takes, computed from what shops of four sizes took (docs/performance.md, "How cost grows")."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from data.large_files import LARGE_ROWS
from pipelines.settings import Config

EVENTS_PER_USER: Final = 20
"""Where nobody says how many events are kept."""

BUSY_SHARE: Final = 0.6
"""Of a core's time that requests may take: beyond, those that come together wait for each other."""

GIGABYTE: Final = 1e9

_STORED_BYTES: Final = {"start": 22e6, "event": 18.0}
_BUNDLE_BYTES: Final = {"event": 11.0, "user": 25.0, "item": 4_100.0}
_SORTED_COPIES: Final = 3.0
"""How often the events lie in the home while they are imported: as they were, sorted, and stored."""

_WHOLE_IMPORT_BYTES: Final = {"start": 0.4e9, "event": 450.0}
_LARGE_IMPORT_BYTES: Final = {"start": 2.6e9, "event": 9.0}
_IMPORT_SECONDS_PER_EVENT: Final = 4.2e-6

_TRAINING_BYTES: Final = {"start": 3.4e9, "fitted event": 430.0}
_TRAINING_SECONDS: Final = {"start": 250.0, "event": 1.7e-6, "fitted event": 80e-6}

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
    n_fitted = min(n_events, config.training.max_events)
    counts = {"start": 1, "event": n_events, "fitted event": n_fitted, "user": n_users, "item": n_items}
    stored, bundle = _sum(_STORED_BYTES, counts), _sum(_BUNDLE_BYTES, counts)
    importing = _WHOLE_IMPORT_BYTES if n_events < LARGE_ROWS else _LARGE_IMPORT_BYTES
    tenfolds = max(math.log10(n_items / 1_000), 0.0) + max(math.log10(n_users / 100_000), 0.0)
    request = _REQUEST_SECONDS + _REQUEST_SECONDS_PER_TENFOLD * tenfolds
    return Size(
        stored=stored,
        bundle=bundle,
        work_disk=max(_SORTED_COPIES * stored, 2 * bundle),
        import_memory=_sum(importing, counts),
        training_memory=_sum(_TRAINING_BYTES, counts),
        worker_memory=_WORKER_BYTES,
        shared_memory=bundle,
        import_seconds=_IMPORT_SECONDS_PER_EVENT * n_events,
        training_seconds=config.candidate_gen.als.search_seconds + _sum(_TRAINING_SECONDS, counts),
        cores=math.ceil(rate * request / BUSY_SHARE),
    )


def _sum(costs: Mapping[str, float], counts: Mapping[str, int]) -> float:
    return sum(cost * counts[of] for of, cost in costs.items())
