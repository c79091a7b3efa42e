"""The routes that operators and machines call: health, metrics and a table of contents. They never need a key."""

from dataclasses import asdict
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse

from monitoring.counters import CONTENT_TYPE, ServiceCounters
from monitoring.home_figures import HomeFigures
from serving.schemas import error_answers
from serving.state import Running, running_of
from shortlist import __version__
from shortlist.home import Home

JSON: Final = "application/json"
CONTENTS: Final = {
    "service": "shortlist",
    "version": __version__,
    "links": {
        "recommendations": "/recommendations/{user_id}?limit=10",
        "popular": "/popular?limit=10",
        "similar": "/items/{item_id}/similar?limit=10",
        "bought_together": "/items/{item_id}/bought-together?limit=10",
        "experiments": "/experiments/assignment/{user_id}",
        "live": "/health/live",
        "ready": "/health/ready",
        "metrics": "/metrics",
        "documentation": "/docs",
        "openapi": "/openapi.json",
    },
}


def health_router(counters: ServiceCounters, home: Home) -> APIRouter:
    """Contents, health and metrics."""
    router, figures = APIRouter(tags=["operation"]), HomeFigures(home)

    @router.get("/", summary="Contents")
    async def contents() -> Response:
        """Where everything is."""
        return Response(orjson.dumps(CONTENTS), media_type=JSON)

    @router.get("/health/live", summary="Is the process alive?")
    async def live() -> Response:
        """200 as long as the process answers at all. When it does not, start it anew."""
        return Response(orjson.dumps({"status": "alive"}), media_type=JSON)

    @router.get("/health/ready", summary="Can it answer?", responses=error_answers(503))
    async def ready(request: Request) -> Response:
        """200 once a bundle is loaded and warm, 503 before.

        The cache is shown but does not count: without it every request is still answered, at full quality. A version
        that is published and cannot be loaded is `reload_failure`; the one before goes on.
        """
        return Response(orjson.dumps(await _readiness(running_of(request))), media_type=JSON)

    @router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """The figures of all workers together, and of the home, in the Prometheus text format."""
        text = await run_in_threadpool(counters.expose, figures)
        return Response(text, media_type=CONTENT_TYPE)

    return router


async def _readiness(running: Running) -> dict[str, Any]:
    cache = running.cache
    return {
        "status": "ready",
        "model_version": running.service.current.version,
        "experiment_versions": sorted(running.service.others),
        "scorer": running.service.scorer,
        "reload_failure": None if running.failure is None else asdict(running.failure),
        "cache": None if cache is None else {"backend": cache.name, "reachable": await cache.answers()},
    }
