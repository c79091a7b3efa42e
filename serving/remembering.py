"""Routes that read a query string once: a shop asks with the same few all day."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from cachetools import LRUCache
from fastapi import Request, Response
from fastapi.routing import APIRoute

from serving.parameters import MAX_USER_ID_CHARACTERS, ListParameters

MAX_REMEMBERED: Final = 1024
MAX_QUERY_BYTES: Final = 512
"""A longer query string, a list of exclusions maybe, is read each time."""

Check = Callable[[str | None], Awaitable[None]]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def remembering_route(check: Check | None, header_name: str) -> type[APIRoute]:
    """A route class whose endpoints take ``wanted``, what FastAPI made of the query string, and maybe ``user_id``.

    FastAPI reads and checks a query string when it is new; the next request with the same one gets the same parameters.

    Parameters
    ----------
    check : callable or None
        What refuses a request by the value of its header `header_name`; None lets all in.
    """

    class RememberingRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            parse = super().get_route_handler()
            known: LRUCache[bytes, ListParameters] = LRUCache(MAX_REMEMBERED)

            async def answer(request: Request) -> Response:
                query = request.scope["query_string"]
                wanted = known.get(query)
                if wanted is None or not _is_plain(request):
                    return _remembered(known, query, request, await parse(request))
                if check is not None:
                    await check(request.headers.get(header_name))
                response: Response = await self.endpoint(request, wanted=wanted, **request.path_params)
                return response

            return answer

    return RememberingRoute


def remember(request: Request, wanted: ListParameters) -> None:
    """Note what a request's query string says."""
    request.state.wanted = wanted


def _remembered(known: LRUCache[bytes, ListParameters], query: bytes, request: Request, response: Response) -> Response:
    wanted = getattr(request.state, "wanted", None)
    if wanted is not None and len(query) <= MAX_QUERY_BYTES:
        known[query] = wanted
    return response


def _is_plain(request: Request) -> bool:
    """Whether the path holds a user's id that FastAPI would take as it is, or none."""
    return all(0 < len(value) <= MAX_USER_ID_CHARACTERS for value in request.path_params.values())
