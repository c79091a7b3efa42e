"""The route that takes events."""

import logging
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from data.reasons import Reason
from monitoring.logs import SERVICE_LOGGER
from serving.bodies import described_body, read_records
from serving.errors import JournalUnavailable
from serving.guard import key_check
from serving.ingest import Ingest, Outcome
from serving.lists import API_KEY_HEADER, JSON
from serving.schemas import EVENTS_EXAMPLE, EventsAnswer, error_answers
from serving.settings import ServiceSettings
from shortlist.errors import StoreUnavailable


def event_router(settings: ServiceSettings, ingest: Ingest) -> APIRouter:
    """POST /events, behind the API key when there is one."""
    check = None if settings.api_key is None else key_check(settings.api_key, API_KEY_HEADER)
    router = APIRouter(
        tags=["events"],
        dependencies=[] if check is None else [Depends(check)],
        responses=error_answers(413, 422, 429, 500, 503) | ({} if check is None else error_answers(401)),
    )

    @router.post(
        "/events",
        status_code=202,
        summary="Take events",
        response_model=EventsAnswer,
        openapi_extra=described_body("events", EVENTS_EXAMPLE),
    )
    async def events(request: Request) -> Response:
        """What customers did: an array of 1 to 1,000 events, or an object with it as `events`.

        Each has `user_id`, `item_id`, `event_type` (canonical types and their aliases), and maybe `timestamp` (ISO
        8601, or seconds since 1970; now without it), `price`, `quantity`, `session_id`, `event_id`,
        `recommendation_id`, `position` and `consent`. They are checked one by one. What is `accepted` is safe on disk;
        one whose `event_id` (or, without one, content) is there already is a duplicate. Of an event with
        `"consent": false` nothing is kept.
        """
        records = await read_records(request, "events")
        try:
            outcomes = await ingest.take(records)
        except StoreUnavailable as error:
            logging.getLogger(SERVICE_LOGGER).error("events were not kept", extra={"fields": {"why": str(error)}})  # noqa: TRY400
            raise JournalUnavailable("The events could not be kept, none of them. Send them again.") from error
        return Response(orjson.dumps(_answer(outcomes)), 202, media_type=JSON)

    return router


def _answer(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "accepted": outcomes.count("accepted"),
        "duplicates": outcomes.count("duplicate"),
        "withheld": outcomes.count("withheld"),
        "refused": [
            {"index": place, "code": str(one), "reason": one.hint}
            for place, one in enumerate(outcomes)
            if isinstance(one, Reason)
        ],
    }
