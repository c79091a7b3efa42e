"""The route that forgets a user."""

import logging

import orjson
from fastapi import APIRouter, Depends, Response

from data.forgetting import receipt_json
from monitoring.logs import SERVICE_LOGGER
from serving.errors import RegisterUnavailable
from serving.guard import key_check
from serving.lists import API_KEY_HEADER, JSON
from serving.live import Live
from serving.parameters import UserId
from serving.schemas import ForgottenUser, error_answers
from serving.settings import ServiceSettings
from shortlist.errors import StoreUnavailable


def user_router(settings: ServiceSettings, live: Live) -> APIRouter:
    """DELETE /users/{user_id}, behind the API key when there is one."""
    check = None if settings.api_key is None else key_check(settings.api_key, API_KEY_HEADER)
    router = APIRouter(
        tags=["users"],
        dependencies=[] if check is None else [Depends(check)],
        responses=error_answers(422, 500, 503) | ({} if check is None else error_answers(401)),
    )

    @router.delete("/users/{user_id:path}", status_code=202, summary="Forget a user", response_model=ForgottenUser)
    async def forget_user(user_id: UserId) -> Response:
        """From this answer on no list knows of the user, in other workers a quarter of a second later.

        The journal is erased. The home's other files are rewritten by the next `shortlist forget`, `drain`, `train` or
        `retrain`, which give the whole receipt. What the user does afterwards is a new user's.
        """
        try:
            receipt = await live.forget(user_id)
        except StoreUnavailable as error:
            logging.getLogger(SERVICE_LOGGER).error("a user was not forgotten", extra={"fields": {"why": str(error)}})  # noqa: TRY400
            raise RegisterUnavailable("The user could not be forgotten. Send the request again.") from error
        return Response(orjson.dumps(receipt_json(receipt)), 202, media_type=JSON)

    return router
