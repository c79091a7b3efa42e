"""The service's figures in the Prometheus text format, for one process or for several that share a folder."""

import os
from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of one service share their figures; it must be set before this module is imported."""

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
        if FOLDER_VARIABLE not in os.environ:  # what lies in files that processes share cannot be cleared
            self.models.clear()
            self.scorer.clear()
        experiments = (self.models.labels(version, "experiment") for version in others)
        shown = {self.scorer.labels(scorer or "none"), self.models.labels(current, "current"), *experiments}
        for gauge in self._shown - shown:
            gauge.set(0)
        for gauge in shown:
            gauge.set(1)
        self._shown = shown

    def expose(self) -> bytes:
        """All figures as text; those of every process when they share a folder."""
        if FOLDER_VARIABLE not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)

    def close(self) -> None:
        """Take this process's gauges out of the shared folder; its counts stay."""
        if FOLDER_VARIABLE in os.environ:
            mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"shortlist_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"shortlist_{name}", text, labels, registry=self.registry, multiprocess_mode="livemax")
