"""The routes that change the catalogue."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from data.item_states import GONE
from data.settings import DataConfig
from data.single_items import check_items
from monitoring.logs import SERVICE_LOGGER
from serving.bodies import described_body, read_records
from serving.errors import RegisterUnavailable
from serving.guard import key_check
from serving.lists import API_KEY_HEADER, JSON
from serving.parameters import PathItemId
from serving.register import LiveRegister
from serving.schemas import ITEMS_EXAMPLE, DeletedItem, ItemsAnswer, error_answers
from serving.settings import ServiceSettings
from shortlist.columns import AVAILABILITY
from shortlist.errors import StoreUnavailable
from shortlist.ids import without_point

_LISTS_OF_ITEMS: Final = ("/similar", "/bought-together")


def item_router(settings: ServiceSettings, register: LiveRegister) -> APIRouter:
    """PUT /items and DELETE /items/{item_id}, behind the API key when there is one."""
    check = None if settings.api_key is None else key_check(settings.api_key, API_KEY_HEADER)
    router = APIRouter(
        tags=["catalogue"],
        dependencies=[] if check is None else [Depends(check)],
        responses=error_answers(422, 500, 503) | ({} if check is None else error_answers(401)),
    )
    _add_put(router, settings.data, register)
    _add_delete(router, register)
    return router


def _add_put(router: APIRouter, config: DataConfig, register: LiveRegister) -> None:
    @router.put(
        "/items",
        summary="Change items",
        response_model=ItemsAnswer,
        responses=error_answers(413),
        openapi_extra=described_body("items", ITEMS_EXAMPLE),
    )
    async def items(request: Request) -> Response:
        """Items of the catalogue: an array of 1 to 1,000, or an object with it as `items`.

        Each has `item_id`, and whatever is to change; what is not named stays. They are checked one by one. `price` and
        `availability` (in stock, out of stock, discontinued) count in every list from this answer on, in other workers
        a quarter of a second later; the rest, and items that the model does not know, from the next training.
        """
        records = await read_records(request, "items")
        checked = await asyncio.to_thread(check_items, records, config)
        if checked.items:
            await _kept(register, checked.items)
        refused = [
            {"index": place, "code": str(reason), "reason": reason.hint} for place, reason in checked.refused.items()
        ]
        answer = {"accepted": len(records) - len(refused), "refused": refused}
        return Response(orjson.dumps(answer), media_type=JSON)


def _add_delete(router: APIRouter, register: LiveRegister) -> None:
    @router.delete("/items/{item_id:path}", summary="Take an item out", response_model=DeletedItem)
    async def delete_item(item_id: PathItemId) -> Response:
        """The item is in no list any more, in none from a cache either, until `PUT /items` or a file brings it back."""
        if item_id.endswith(_LISTS_OF_ITEMS):
            detail = f"{item_id!r} is the path of a list. PUT /items takes items of any id out"
            raise HTTPException(405, detail, {"Allow": "GET, HEAD"})
        await _kept(register, {without_point(item_id.strip()): {AVAILABILITY: GONE}})
        return Response(orjson.dumps({"item_id": item_id, "availability": GONE}), media_type=JSON)


async def _kept(register: LiveRegister, states: Mapping[str, Mapping[str, Any]]) -> None:
    try:
        await register.put_items(states)
    except StoreUnavailable as error:
        logging.getLogger(SERVICE_LOGGER).error("items were not changed", extra={"fields": {"why": str(error)}})  # noqa: TRY400
        raise RegisterUnavailable("The items could not be changed, none of them. Send them again.") from error
