"""The HTTP application. Importing this reads no setting and opens no file."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Final

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from monitoring.counters import ServiceCounters
from serving.admission import TURNS, TURNS_WITH_REDIS, Admission
from serving.console_routes import console_router
from serving.documentation import add_documentation
from serving.errors import add_error_handlers
from serving.event_routes import event_router
from serving.exposures import ExposureLog
from serving.fellows import load_or_join, tell
from serving.health import health_router
from serving.item_routes import item_router
from serving.lists import API_KEY_HEADER, list_router
from serving.live import Live
from serving.observation import Observation
from serving.parameters import allowed_values
from serving.register import States
from serving.reload import Reloader
from serving.service import Service
from serving.settings import ServiceSettings
from serving.state import Running, open_cache, running_app
from serving.user_routes import user_router
from shortlist import __version__

GZIP_FROM_BYTES: Final = 1024

DESCRIPTION = """Product recommendations for the users of an online shop.

Every error is `{"detail": "...", "code": "UPPER_SNAKE"}`; `code` is stable. Every answer has the header `X-Request-ID`:
the request's own, or a fresh one. When the service was given a key, requests for lists and experiments need it in
`X-API-Key`; health, metrics and this description do not.
"""


def create_app(settings: ServiceSettings, service: Service | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    service : Service or None
        What to answer from when it is loaded already; otherwise it is loaded when the application starts, and
        until then every list is refused with ``NOT_READY``.
    """
    counters = ServiceCounters()
    live = Live(settings, counters)
    app = FastAPI(
        title="Shortlist",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_lifespan(settings, counters, live, service),
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.running = None
    app.state.counters = counters
    app.include_router(list_router(settings))
    app.include_router(health_router(counters, settings.home))
    app.include_router(event_router(settings, live.ingest))
    app.include_router(item_router(settings, live.register))
    app.include_router(user_router(settings, live))
    if settings.console_key is not None:
        app.include_router(console_router(settings, settings.console_key))
    add_documentation(app)
    add_error_handlers(app, allowed_values(settings.config))
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=5)
    if settings.config.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.config.cors_origins,
            allow_headers=(API_KEY_HEADER, "X-Request-ID"),
            expose_headers=("X-Request-ID", "X-Model-Version", "X-Cache"),
        )
    if settings.config.deadline_ms:
        n_turns = TURNS if settings.redis_url is None else TURNS_WITH_REDIS
        app.add_middleware(Admission, counters=counters, deadline=settings.config.deadline_ms / 1000, n_turns=n_turns)
    app.add_middleware(
        Observation, counters=counters, version=lambda: _version(app), logs_access=settings.config.access_log
    )
    return app


def create_app_from_environment() -> FastAPI:
    """Make the application of a worker process, whose settings are in ``SHORTLIST_*`` variables."""
    return create_app(ServiceSettings.from_environment(os.environ))


def _lifespan(
    settings: ServiceSettings, counters: ServiceCounters, live: Live, service: Service | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loaded, failure = (service, None) if service is not None else load_or_join(settings)
        cache = open_cache(settings, counters)
        counters.show_models(loaded.current.version, loaded.others, loaded.scorer)
        counters.reload_failing.set(int(failure is not None))
        tasks = await live.start()
        exposures = ExposureLog(settings.home, settings.config.exposure_share, counters, live.register.people)
        app.state.running = Running(live.over(loaded), cache, counters, exposures, failure)
        tasks.append(asyncio.create_task(exposures.run()))
        live.register.on_items = lambda states: _change_items(app, states, live)
        if failure is None:
            tell(settings, loaded)
        tasks += _follow(app, settings, counters, live)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await live.close()
            await exposures.close()
            app.state.running = None
            if cache is not None:
                await cache.close()
            counters.close()

    return lifespan


def _change_items(app: FastAPI, states: States, live: Live) -> None:
    running: Running = app.state.running
    app.state.running = replace(running, service=running.service.changed(states, live.register.revision))


def _follow(
    app: FastAPI, settings: ServiceSettings, counters: ServiceCounters, live: Live
) -> Iterator[asyncio.Task[None]]:
    """Keep the application on what is published, where it was loaded from a home."""
    running: Running = app.state.running
    if running.service.published is None or settings.config.reload_seconds == 0:
        return

    def swap(other: Running) -> None:
        app.state.running = other

    yield asyncio.create_task(Reloader(settings, counters, running, swap, live.over).run())


def _version(app: FastAPI) -> str | None:
    running = running_app(app)
    return None if running is None else running.service.current.version
