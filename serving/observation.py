"""The outermost layer: a request's id, the refusal of what is not text, the last net for errors, log and figures."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Final
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.counters import ServiceCounters
from monitoring.logs import SERVICE_LOGGER, log_access
from serving.errors import InvalidParameter, refusal, server_error

UNMATCHED: Final = "unmatched"
_REQUEST_ID: Final = re.compile(r"[\x20-\x7e]{1,128}")
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass(slots=True)
class _Exchange:
    """One request and how far its answer is."""

    request_id: str
    method: str
    started: float
    status: int = 0


class Observation:
    """ASGI middleware around everything else.

    Parameters
    ----------
    version : callable
        The version of the bundle being served, for answers that do not name theirs; None before one is loaded.
    logs_access : bool
        Whether each request writes a line.
    """

    def __init__(
        self, app: ASGIApp, counters: ServiceCounters, version: Callable[[], str | None], *, logs_access: bool
    ) -> None:
        self._app = app
        self._counters = counters
        self._version = version
        self._logs_access = logs_access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, whatever becomes of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(_request_id(scope), scope["method"], perf_counter())
        if exchange.method == "HEAD":  # answered as GET is; the server leaves out the body
            scope = {**scope, "method": "GET"}
        try:
            await self._answer(scope, receive, self._named(send, exchange), exchange)
        finally:
            self._record(scope, exchange)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, exchange: _Exchange) -> None:
        try:
            if (mistake := _mistake(scope)) is not None:
                await refusal(mistake)(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        except ClientDisconnect:  # nobody is there to be answered
            exchange.status = exchange.status or 499
        except Exception:
            fields = {"request_id": exchange.request_id, "route": _route(scope)}
            logging.getLogger(SERVICE_LOGGER).exception("a request failed", extra={"fields": fields})
            if exchange.status:
                raise  # half an answer is out: only closing the connection can say so
            await server_error()(scope, receive, send)

    def _named(self, send: Send, exchange: _Exchange) -> Send:
        """A `send` that notes the status and adds the headers that every answer has."""

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = exchange.request_id
                if "x-model-version" not in headers and (version := self._version()) is not None:
                    headers["X-Model-Version"] = version
            await send(message)

        return send_named

    def _record(self, scope: Scope, exchange: _Exchange) -> None:
        seconds = perf_counter() - exchange.started
        route, status = _route(scope), exchange.status or 500
        method = exchange.method if exchange.method in _METHODS else "OTHER"
        self._counters.requests.labels(route, method, f"{status // 100}xx").inc()
        self._counters.seconds.labels(route).observe(seconds)
        if self._logs_access:
            log_access(route, method, status, seconds, exchange.request_id)


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _request_id(scope: Scope) -> str:
    """The request's own id when it is plain text of bearable length, a fresh one otherwise."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def _route(scope: Scope) -> str:
    """The template of the route that answered."""
    return str(getattr(scope.get("route"), "path_format", UNMATCHED))


def _mistake(scope: Scope) -> InvalidParameter | None:
    """What is wrong with the text of the path or the query; decoding them further on would hide it."""
    for noun, raw in (("path", scope.get("raw_path") or b""), ("query string", scope["query_string"])):
        if b"%" not in raw:
            continue
        content = unquote_to_bytes(raw)
        if _CONTROL.search(content):
            return InvalidParameter(f"The {noun} holds a control character. Leave it out.")
        try:
            content.decode()
        except UnicodeDecodeError:
            return InvalidParameter(f"The {noun} is not UTF-8. Encode ids as UTF-8 before percent-encoding them.")
    return None
