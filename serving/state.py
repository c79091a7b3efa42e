"""What one application runs on, and how a request gets at it."""

from dataclasses import dataclass

from fastapi import FastAPI, Request

from monitoring.counters import ServiceCounters
from serving.breaker import CircuitBreaker
from serving.cache import CacheBackend, ListCache, MemoryCache
from serving.redis_cache import RedisCache
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.errors import NotReady


@dataclass(frozen=True, slots=True)
class Running:
    """A service that answers, and its cache; None when caching is switched off."""

    service: Service
    cache: ListCache | None
    counters: ServiceCounters


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
    """The cache that the settings describe. Connects to nothing yet."""
    backend = open_backend(settings)
    if backend is None:
        return None
    config = settings.config
    return ListCache(backend, CircuitBreaker(config.breaker_failures, config.breaker_pause_seconds), counters)


def open_backend(settings: ServiceSettings) -> CacheBackend | None:
    """Where finished lists lie, None when caching is switched off. Connects to nothing yet.

    Raises
    ------
    ConfigError
        When the Redis URL is not one.
    """
    config = settings.config
    if config.cache_ttl_seconds == 0:
        return None
    if settings.redis_url is None:
        return MemoryCache(config.cache_memory_bytes, config.cache_ttl_seconds)
    timeout_seconds = config.redis_timeout_ms / 1000
    return RedisCache(settings.redis_url, config.cache_ttl_seconds, timeout_seconds, config.redis_max_connections)
