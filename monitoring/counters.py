"""The service's figures in the Prometheus text format, for one process or for several that share a folder."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from monitoring.deaths import FOLDER_VARIABLE, n_deaths
from monitoring.logs import SERVICE_LOGGER

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
FILE_KINDS: Final = ("counter", "histogram", "gauge_livemax")
FILE_BYTES: Final = 2**19
"""Some thousands of figures; there are a few hundred."""

SECONDS_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class ServiceCounters:
    """All figures of one application, on a registry of its own. No label ever holds a user's or an item's id.

    Attributes
    ----------
    requests : Counter by route template, method and status class (``2xx``)
    seconds : Histogram by route template
        From the first byte read to the last byte sent, in seconds.
    lists : Counter by source (``personalized``, ``popular``)
    cache_hits, cache_misses, cache_skipped : Counter by backend
    cache_errors : Counter by backend and kind (``unreachable``, ``refused``, ``corrupt``, ``busy``)
    breaker_open : Gauge by backend
        1 while the cache is left alone after failures in a row, else 0.
    breaker_trips : Counter by backend
    events : Counter by outcome (``accepted``, ``duplicate``, ``withheld``, ``refused``)
    exposures : Counter by outcome (``kept``, ``dropped``)
        Served lists that were noted, and those that could not be.
    admissions : Counter by outcome (``full``, ``stage_one``, ``popular``, ``refused``)
        Requests for lists by what the time that was left allowed.
    connections_refused : Counter by reason (``too_many``, ``too_slow``, ``too_long``)
        Connections closed before their request was read.
    models : Gauge by version and role (``current``, ``experiment``)
        1 for each bundle that is loaded.
    scorer : Gauge by scorer (``compiled``, ``lightgbm``, ``none``)
        1 for what orders the published bundle's candidates.
    reload_failures : Counter
        Published bundles that could not be loaded.
    reload_failing : Gauge
        1 while what is published cannot be loaded, and the bundle before it goes on.
    """

    def __init__(self) -> None:
        self._folder = _shared_folder()
        self.registry = CollectorRegistry()
        self.requests = self._counter("http_requests", "Requests answered.", "route", "method", "status")
        self.seconds = Histogram(
            "shortlist_http_request_seconds",
            "How long answers took, in seconds.",
            ["route"],
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self.lists = self._counter("lists", "Lists given, by where they come from.", "source")
        self.cache_hits = self._counter("cache_hits", "Lists found in the cache.", "backend")
        self.cache_misses = self._counter("cache_misses", "Lists looked for in the cache in vain.", "backend")
        self.cache_skipped = self._counter("cache_skipped", "Requests that left the broken cache alone.", "backend")
        self.cache_errors = self._counter("cache_errors", "Cache operations that failed.", "backend", "kind")
        self.breaker_open = self._gauge("cache_breaker_open", "1 while the cache is left alone.", "backend")
        self.events = self._counter("events", "Events that came in, by what became of them.", "outcome")
        self.exposures = self._counter("exposures", "Served lists, by whether they were noted.", "outcome")
        self.breaker_trips = self._counter("cache_breaker_trips", "Times the cache was left alone.", "backend")
        self.admissions = self._counter("admissions", "Requests for lists, by what time allowed.", "outcome")
        self.connections_refused = self._counter(
            "connections_refused", "Connections closed before their request was read.", "reason"
        )
        self.models = self._gauge("model_info", "1 for each bundle that is loaded.", "version", "role")
        self.scorer = self._gauge("scorer_info", "1 for what orders candidates.", "scorer")

        self.reload_failures = Counter(
            "shortlist_reload_failures", "Published bundles that could not be loaded.", registry=self.registry
        )
        self.reload_failing = Gauge(
            "shortlist_reload_failing",
            "1 while what is published cannot be loaded.",
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        self._shown: set[Gauge] = set()

    def show_models(self, current: str, others: Iterable[str], scorer: str | None = None) -> None:
        """Say which bundles are loaded, and what orders the published one's candidates."""
        if self._folder is None:  # what lies in files that processes share cannot be cleared
            self.models.clear()
            self.scorer.clear()
        experiments = (self.models.labels(version, "experiment") for version in others)
        shown = {self.scorer.labels(scorer or "none"), self.models.labels(current, "current"), *experiments}
        for gauge in self._shown - shown:
            gauge.set(0)
        for gauge in shown:
            gauge.set(1)
        self._shown = shown

    def expose(self, *others: Collector) -> bytes:
        """All figures as text; those of every process when they share a folder, and those of other collectors."""
        together = CollectorRegistry()
        if self._folder is not None:
            MultiProcessCollector(together, str(self._folder))  # type: ignore[no-untyped-call]
            together.register(_Deaths(self._folder))
        for other in others:
            together.register(other)
        own = generate_latest(self.registry) if self._folder is None else b""
        return own + generate_latest(together)

    def close(self) -> None:
        """Take this process's gauges out of the shared folder; its counts stay."""
        if self._folder is not None:
            mark_process_dead(os.getpid(), str(self._folder))  # type: ignore[no-untyped-call]

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"shortlist_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"shortlist_{name}", text, labels, registry=self.registry, multiprocess_mode="livemax")


class _Deaths(Collector):
    """How many of the processes that share a folder have ended by themselves."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[CounterMetricFamily]:
        yield CounterMetricFamily(
            "shortlist_worker_deaths", "Workers that ended by themselves and were replaced.", n_deaths(self._folder)
        )


def _shared_folder() -> Path | None:
    """The folder that processes share, with this one's files in it; None for a process that keeps its own figures.

    The client library maps its files into memory as it finds them, and a process that writes to a page that a full disk
    has no room for ends by SIGBUS. So they are there before, in full length; where there is no room this process counts
    for itself.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named is None:
        return None
    try:
        for kind in FILE_KINDS:
            _reserve(Path(named, f"{kind}_{os.getpid()}.db"))
    except OSError as error:
        values.ValueClass = values.MutexValue
        fields = {"folder": named, "why": error.strerror}
        logging.getLogger(SERVICE_LOGGER).warning("this worker's figures are not shared", extra={"fields": fields})
        return None
    return Path(named)


def _reserve(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, FILE_BYTES)
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(descriptor)
