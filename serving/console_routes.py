"""The routes that only the console may call, with a key of its own: they show what single customers did."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from ranking.query import Query as ListQuery
from ranking.query import Recommendation
from ranking.recommender import Recommender
from ranking.two_stage import Stage
from serving.customers import Sample, history_of, item_details, sample_customers
from serving.guard import key_check
from serving.parameters import ListParameters, UserId, recommendation_parameters
from serving.schemas import error_answers
from serving.service import list_query
from serving.settings import ServiceSettings
from serving.state import running_of
from shortlist.errors import RequestError

CONSOLE_KEY_HEADER: Final = "X-Console-Key"
NO_STORE: Final = {"Cache-Control": "no-store"}
DEPTH: Final = 100
"""So many places of stage one the console may see, whatever a storefront may."""

OWN_PARAMETERS: Final = frozenset({"stage", "version"})


class UnknownVersion(RequestError):
    """A version that is not loaded."""

    code = "UNKNOWN_VERSION"


def console_router(settings: ServiceSettings, key: str) -> APIRouter:
    """The console's routes; they stand in no public description."""
    router = APIRouter(
        dependencies=[Depends(key_check(key, CONSOLE_KEY_HEADER))],
        responses=error_answers(401, 422, 500, 503),
        include_in_schema=False,
    )
    _add_customers(router)
    deeper = settings.config.model_copy(update={"max_limit": max(settings.config.max_limit, DEPTH)})
    _add_list(router, recommendation_parameters(deeper, also=OWN_PARAMETERS))
    return router


def _add_customers(router: APIRouter) -> None:
    @router.get("/users")
    async def users(request: Request, sample: Sample = "heavy", n: Annotated[int, Query(ge=1, le=50)] = 5) -> Response:
        recommender = running_of(request).service.current
        return _json({"users": await run_in_threadpool(sample_customers, recommender, sample, n)})

    @router.get("/users/{user_id:path}/history")
    async def history(request: Request, user_id: UserId, version: str | None = None) -> Response:
        return _json(history_of(_recommender(request, version), user_id))


def _add_list(router: APIRouter, wanted_of: Callable[..., Awaitable[ListParameters]]) -> None:
    @router.get("/users/{user_id:path}/list")
    async def details(
        request: Request,
        user_id: UserId,
        wanted: Annotated[ListParameters, Depends(wanted_of)],
        stage: Stage = "full",
        version: str | None = None,
    ) -> Response:
        recommender, query = _recommender(request, version), list_query(user_id, wanted, stage)
        return _json(_list(recommender, query, recommender.recommend(query), wanted.warnings))


def _recommender(request: Request, version: str | None) -> Recommender:
    """A loaded bundle by its version, the published one without. Raises ``UnknownVersion``."""
    service = running_of(request).service
    loaded = {service.current.version: service.current, **service.others}
    if version is not None and version not in loaded:
        raise UnknownVersion(f"version: {version!r} is not loaded. Give one of {', '.join(loaded)}.")
    return loaded[version or service.current.version]


def _list(
    recommender: Recommender, query: ListQuery, found: Recommendation, warnings: tuple[str, ...]
) -> dict[str, Any]:
    items = [
        {
            **item_details(recommender, recommender.table.items.position(item.item_id)),
            "rank": item.rank,
            "score": item.score,
            "reasons": item.reasons,
            "contributions": item.contributions,
        }
        for item in found.items
    ]
    return {
        "user_id": query.user_id,
        "model_version": recommender.version,
        "stage": query.stage,
        "source": found.source,
        "degraded": found.degraded,
        "items": items,
        "warnings": [*warnings, *found.warnings],
    }


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), headers=NO_STORE, media_type="application/json")
