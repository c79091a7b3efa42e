"""What a shop of a size takes, computed from what shops of four sizes took (docs/performance.md, "How cost grows")."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

from pipelines.settings import Config

EVENTS_PER_USER: Final = 20
"""Where nobody says how many events are kept."""

BUSY_SHARE: Final = 0.6
"""Of a core's time that requests may take: beyond, those that come together wait for each other."""

GIGABYTE: Final = 1e9

_STORED_BYTES_PER_EVENT: Final = 18.0
_BUNDLE_BYTES: Final = {"event": 13.0, "user": 25.0, "item": 5_000.0}
_SORTED_COPIES: Final = 3.0
"""How often the events lie in the home while they are imported: as they were, sorted, and stored."""

_IMPORT_BYTES: Final = 1.5e9
_IMPORT_BYTES_PER_EVENT: Final = 14.0
_TRAINING_BYTES: Final = 2.8e9
_TRAINING_BYTES_PER_FITTED_EVENT: Final = 340.0
_WORKER_BYTES: Final = 230e6
_IMPORT_SECONDS_PER_EVENT: Final = 4.0e-6
_TRAINING_SECONDS: Final = 90.0
_TRAINING_SECONDS_PER_EVENT: Final = 1.7e-6
_TRAINING_SECONDS_PER_FITTED_EVENT: Final = 85e-6
_REQUEST_SECONDS: Final = 2.3e-3


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
    bundle = sum(_BUNDLE_BYTES[of] * n for of, n in (("event", n_events), ("user", n_users), ("item", n_items)))
    return Size(
        stored=_STORED_BYTES_PER_EVENT * n_events,
        bundle=bundle,
        work_disk=max(_SORTED_COPIES * _STORED_BYTES_PER_EVENT * n_events, 2 * bundle),
        import_memory=_IMPORT_BYTES + _IMPORT_BYTES_PER_EVENT * n_events,
        training_memory=_TRAINING_BYTES + _TRAINING_BYTES_PER_FITTED_EVENT * n_fitted + bundle,
        worker_memory=_WORKER_BYTES,
        shared_memory=bundle,
        import_seconds=_IMPORT_SECONDS_PER_EVENT * n_events,
        training_seconds=_TRAINING_SECONDS
        + _TRAINING_SECONDS_PER_EVENT * n_events
        + _TRAINING_SECONDS_PER_FITTED_EVENT * n_fitted,
        cores=math.ceil(rate * _REQUEST_SECONDS / BUSY_SHARE),
    )
