"""The routes that shops call: a user's list, what is popular, and a user's experiments."""

from time import perf_counter
from typing import Annotated, Final, cast
from uuid import uuid4

import orjson
from fastapi import APIRouter, Depends, Request, Response

from data.guests import visitor
from ranking.scenarios import Relation
from serving.admission import ease_of
from serving.cache import Outcome
from serving.guard import key_check
from serving.parameters import (
    ListBody,
    ListParameters,
    PathItemId,
    UserId,
    body_of,
    popular_parameters,
    recommendation_parameters,
)
from serving.remembering import remember, remembering_route
from serving.schemas import (
    ASSIGNMENT_EXAMPLE,
    ITEM_EXAMPLE,
    POPULAR_EXAMPLE,
    RECOMMENDATION_EXAMPLE,
    AssignmentAnswer,
    ItemAnswer,
    ItemList,
    RecommendationAnswer,
    error_answers,
    success_answer,
)
from serving.service import Plan, source_of
from serving.settings import ServiceSettings
from serving.state import Running, running_of

JSON: Final = "application/json"
API_KEY_HEADER: Final = "X-API-Key"
NO_STORE: Final = {"Cache-Control": "no-store"}
_HEADERS: Final = ("X-Request-ID", "X-Model-Version")


def list_router(settings: ServiceSettings) -> APIRouter:
    """All routes that answer with what the shop's users get, behind the API key when there is one."""
    check = None if settings.api_key is None else key_check(settings.api_key, API_KEY_HEADER)
    errors = error_answers(422, 500, 503) | ({} if check is None else error_answers(401))
    router = APIRouter(
        dependencies=[] if check is None else [Depends(check)],
        responses=errors,
        route_class=remembering_route(check, API_KEY_HEADER),
    )
    _add_recommendations(router, settings)
    _add_body(router, settings)
    _add_popular(router, settings)
    _add_items(router, settings)
    _add_assignment(router)
    return router


def _add_recommendations(router: APIRouter, settings: ServiceSettings) -> None:
    wanted_of, nobody = recommendation_parameters(settings.config), _words(settings)

    @router.get(
        "/recommendations/{user_id:path}",
        tags=["lists"],
        summary="A user's list",
        responses=success_answer(RecommendationAnswer, RECOMMENDATION_EXAMPLE, *_HEADERS, "X-Cache"),
    )
    async def recommendations(
        request: Request, user_id: UserId, wanted: Annotated[ListParameters, Depends(wanted_of)]
    ) -> Response:
        """The items that this user is most likely to want next, best first.

        A user of whom nothing is known gets what is popular, with `"source": "popular"`. Filters are applied before the
        list is cut, so it is full whenever enough items qualify; when not, `warnings` says so.
        """
        remember(request, wanted)
        running = running_of(request)
        plan = running.service.plan(visitor(user_id, wanted.session_id, nobody), wanted, user_id)
        return await _answer(request, running, plan)


def _add_body(router: APIRouter, settings: ServiceSettings) -> None:
    body_type, nobody = body_of(settings.config), _words(settings)

    @router.post(
        "/recommendations",
        tags=["lists"],
        summary="A user's list, asked for in a body",
        responses=success_answer(RecommendationAnswer, RECOMMENDATION_EXAMPLE, *_HEADERS, "X-Cache"),
    )
    async def recommendations_by_body(request: Request, body: body_type) -> Response:  # type: ignore[valid-type]
        """The same as `GET /recommendations/{user_id}`, for baskets and exclusions that are too long for an address."""
        asked, running = cast("ListBody", body), running_of(request)
        user_id = visitor(asked.user_id, asked.session_id, nobody)
        plan = running.service.plan(user_id, asked.parameters(), asked.user_id)
        return await _answer(request, running, plan)


def _add_popular(router: APIRouter, settings: ServiceSettings) -> None:
    wanted_of = popular_parameters(settings.config)

    @router.get(
        "/popular",
        tags=["lists"],
        summary="What is popular",
        responses=success_answer(ItemList, POPULAR_EXAMPLE, *_HEADERS, "X-Cache"),
    )
    async def popular(request: Request, wanted: Annotated[ListParameters, Depends(wanted_of)]) -> Response:
        """What users of whom nothing is known get: the same for everybody, outside all experiments."""
        remember(request, wanted)
        running = running_of(request)
        plan = running.service.popular_plan(wanted)
        return await _answer(request, running, plan)


def _add_items(router: APIRouter, settings: ServiceSettings) -> None:
    wanted_of = popular_parameters(settings.config)
    described = success_answer(ItemAnswer, ITEM_EXAMPLE, *_HEADERS, "X-Cache")

    async def answer(request: Request, item_id: str, wanted: ListParameters, relation: Relation) -> Response:
        remember(request, wanted)
        running = running_of(request)
        plan = running.service.item_plan(relation, item_id, wanted)
        return await _answer(request, running, plan)

    @router.get("/items/{item_id:path}/similar", tags=["items"], summary="What is like an item", responses=described)
    async def similar(
        request: Request, item_id: PathItemId, wanted: Annotated[ListParameters, Depends(wanted_of)]
    ) -> Response:
        """Items that the same customers take, or that are described alike; never the item itself.

        Of an item that nothing is known of, what is popular, with `"source": "popular"`. Filters hold for all of it.
        """
        return await answer(request, item_id, wanted, "similar")

    @router.get(
        "/items/{item_id:path}/bought-together",
        tags=["items"],
        summary="What is bought with an item",
        responses=described,
    )
    async def bought_together(
        request: Request, item_id: PathItemId, wanted: Annotated[ListParameters, Depends(wanted_of)]
    ) -> Response:
        """Items of the same baskets, or that are taken next; never the item itself. Otherwise as `similar`."""
        return await answer(request, item_id, wanted, "bought_together")


def _add_assignment(router: APIRouter) -> None:
    @router.get(
        "/experiments/assignment/{user_id:path}",
        tags=["experiments"],
        summary="A user's experiments",
        responses=success_answer(AssignmentAnswer, ASSIGNMENT_EXAMPLE, *_HEADERS),
    )
    async def assignment(request: Request, user_id: UserId) -> Response:
        """The experiments that a user is in. Asking exposes the user to nothing."""
        return Response(
            orjson.dumps(running_of(request).service.assignment(user_id)), headers=NO_STORE, media_type=JSON
        )


def _words(settings: ServiceSettings) -> frozenset[str]:
    """The ids that are nobody's."""
    return frozenset(word.lower() for word in settings.data.null_words)


async def _answer(request: Request, running: Running, plan: Plan) -> Response:
    """The list, from the cache or made in the time that there is, under an id of its own."""
    begun, plan = perf_counter(), plan.eased(ease_of(request.scope))
    try:
        tail, outcome = await _cached_or_made(running, plan)
    except Exception:
        running.exposures.note_failure(plan, perf_counter() - begun)
        raise
    running.counters.lists.labels(source_of(tail)).inc()
    recommendation_id = uuid4().hex
    running.exposures.note(plan, recommendation_id, tail, perf_counter() - begun)
    headers = {"X-Model-Version": plan.recommender.version, "X-Cache": outcome, **NO_STORE}
    return Response(plan.answer(recommendation_id, tail), headers=headers, media_type=JSON)


async def _cached_or_made(running: Running, plan: Plan) -> tuple[bytes, Outcome]:
    if running.cache is None or not plan.is_kept:
        return plan.tail(), "bypass"
    key = plan.cache_key
    found = await running.cache.get(key)
    if found.outcome == "hit":
        return found.value, found.outcome
    tail = plan.tail()
    if plan.ease is not None:
        return tail, found.outcome
    if found.outcome == "miss":
        await running.cache.put(key, tail)
    else:
        running.cache.remember(key, tail)
    return tail, found.outcome
