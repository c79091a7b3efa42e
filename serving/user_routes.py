"""The routes that say who a user is: one who is to be forgotten, or one of two ids."""

import logging
from typing import Final

import orjson
from fastapi import APIRouter, Depends, HTTPException, Response

from data.forgetting import receipt_json
from monitoring.logs import SERVICE_LOGGER
from serving.errors import AlreadyMerged, RegisterUnavailable
from serving.guard import key_check
from serving.lists import API_KEY_HEADER, JSON
from serving.live import Live
from serving.parameters import UserId
from serving.schemas import ForgottenUser, MergedUsers, error_answers
from serving.settings import ServiceSettings
from shortlist.errors import DataError, StoreUnavailable

_MERGE: Final = "/merge/"


def user_router(settings: ServiceSettings, live: Live) -> APIRouter:
    """DELETE /users/{user_id} and POST /users/{target}/merge/{source}, behind the API key when there is one."""
    check = None if settings.api_key is None else key_check(settings.api_key, API_KEY_HEADER)
    router = APIRouter(
        tags=["users"],
        dependencies=[] if check is None else [Depends(check)],
        responses=error_answers(422, 500, 503) | ({} if check is None else error_answers(401)),
    )

    _add_merge(router, live)
    _add_delete(router, live)
    return router


def _add_delete(router: APIRouter, live: Live) -> None:
    @router.delete("/users/{user_id:path}", status_code=202, summary="Forget a user", response_model=ForgottenUser)
    async def forget_user(user_id: UserId) -> Response:
        """From this answer on no list knows of the user, in other workers a quarter of a second later.

        The journal is erased. The home's other files are rewritten by the next `shortlist forget`, `drain`, `train` or
        `retrain`, which give the whole receipt. Ids that were merged are forgotten together. What the user does
        afterwards is a new user's.
        """
        if _MERGE in user_id:
            detail = f"{user_id!r} is the path of a merge. `shortlist forget` forgets users of any id"
            raise HTTPException(405, detail, {"Allow": "POST"})
        try:
            receipt = await live.forget(user_id)
        except StoreUnavailable as error:
            raise _unavailable("a user was not forgotten", error) from error
        return Response(orjson.dumps(receipt_json(receipt)), 202, media_type=JSON)


def _add_merge(router: APIRouter, live: Live) -> None:
    @router.post(
        "/users/{target:path}/merge/{source:path}",
        summary="Merge two users",
        response_model=MergedUsers,
        responses=error_answers(409),
    )
    async def merge_user(target: UserId, source: UserId) -> Response:
        """Whatever is known of `source`, and will be, counts for `target` from this answer on, under either id.

        So a visitor who logs in keeps the visit: an anonymous one's id is `anonymous:` with the session behind it.
        """
        try:
            await live.merge(target, source)
        except DataError as error:
            raise AlreadyMerged(str(error)) from error
        except StoreUnavailable as error:
            raise _unavailable("two users were not merged", error) from error
        return Response(orjson.dumps({"user_id": target, "merged": source}), media_type=JSON)


def _unavailable(what: str, error: StoreUnavailable) -> RegisterUnavailable:
    logging.getLogger(SERVICE_LOGGER).error(what, extra={"fields": {"why": str(error)}})
    return RegisterUnavailable("The change could not be kept. Send the request again.")
