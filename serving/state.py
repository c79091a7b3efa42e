"""What one application runs on, and how a request gets at it."""

from dataclasses import dataclass

from fastapi import FastAPI, Request

from monitoring.counters import ServiceCounters
from serving.breaker import CircuitBreaker
from serving.cache import ListCache, MemoryCache
from serving.exposures import ExposureLog
from serving.redis_cache import RedisCache
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.errors import NotReady


@dataclass(frozen=True, slots=True)
class ReloadFailure:
    """What should be serving and cannot be loaded; the bundle before it goes on."""

    version: str
    detail: str


@dataclass(frozen=True, slots=True)
class Running:
    """A service that answers, its cache (None when caching is switched off), and what notes its lists.

    Attributes
    ----------
    failure : ReloadFailure or None
        What should serve instead and could not be loaded.
    """

    service: Service
    cache: ListCache | None
    counters: ServiceCounters
    exposures: ExposureLog
    failure: ReloadFailure | None = None


def running_of(request: Request) -> Running:
    """What the request's application runs on. Raises ``NotReady`` before a bundle is loaded."""
    running = running_app(request.app)
    if running is None:
        raise NotReady("No bundle is loaded yet. Ask again shortly; /health/ready says when.")
    return running


def running_app(app: FastAPI) -> Running | None:
    """What an application runs on, None before a bundle is loaded."""
    running: Running | None = app.state.running
    return running


def open_cache(settings: ServiceSettings, counters: ServiceCounters) -> ListCache | None:
    """The cache that the settings describe, None when caching is switched off. Connects to nothing yet.

    Raises
    ------
    ConfigError
        When the Redis URL is not one.
    """
    config, memory, store = settings.config, None, None
    if config.cache_memory_bytes > 0:
        memory = MemoryCache(config.cache_memory_bytes)
    if settings.redis_url is not None:
        store = RedisCache(settings.redis_url, config.redis_timeout_ms / 1000, config.redis_max_connections)
    if config.cache_ttl_seconds == 0 or (memory is None and store is None):
        return None
    breaker = CircuitBreaker(config.breaker_failures, config.breaker_pause_seconds)
    return ListCache(memory, store, config.cache_ttl_seconds, breaker, counters)
