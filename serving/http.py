"""HTTP/1.1 as uvicorn speaks it with httptools, with bounds on what a request may send and how long it may take."""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from monitoring.counters import ServiceCounters
from monitoring.logs import SERVICE_LOGGER
from serving.sharing import ConnectionCounts

MAX_HEAD_BYTES: Final = 2**20
"""Of a request line and its headers: room for the longest query that the parameters allow."""

MAX_BODY_BYTES: Final = 8 * 2**20
"""Twice what any route reads."""

MAX_PARSED_BYTES: Final = 65_000
"""Of an address: httptools parses none of 65,536."""

LINE_SECONDS: Final = 10.0
"""The log has one line in so long of what may happen thousands of times."""

TOO_LONG: Final = b"HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
BUSY: Final = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(slots=True)
class Bounds:
    """What the connections of one server share.

    Attributes
    ----------
    most : int
        Connections at a time; more are answered with 503, so that descriptors are left for everything else.
    is_stopping : bool
        Every answer is then the last of its connection.
    counts : ConnectionCounts or None
        Where the workers of a service tell each other how many connections they have.
    """

    counters: ServiceCounters
    most: int
    is_stopping: bool = False
    n_accepted: int = 0
    quiet_until: float = 0.0
    counts: ConnectionCounts | None = None

    def refuse(self, reason: str, message: str) -> None:
        """Count a connection that is closed without an answer to its request, and say so, but not each time."""
        self.counters.connections_refused.labels(reason).inc()
        if (now := time.monotonic()) >= self.quiet_until:
            self.quiet_until = now + LINE_SECONDS
            logging.getLogger(SERVICE_LOGGER).warning(message, extra={"fields": {"reason": reason}})


class BoundedHttp(HttpToolsProtocol):
    """Refuses a request whose head or body does not end within so many bytes and seconds.

    A connection that has sent nothing yet has as long. More connections than `Bounds.most` are turned away.
    """

    head_seconds: ClassVar[float] = 10.0
    body_seconds: ClassVar[float] = 30.0

    _head_bytes = 0
    _body_bytes = 0
    _in_head = True
    _deadline: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, bounds: Bounds, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._bounds = bounds

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, unless there are too many already."""
        super().connection_made(transport)
        self._bounds.n_accepted += 1
        if len(self.connections) > self._bounds.most:
            self._bounds.refuse("too_many", f"{self._bounds.most} connections are open, more are turned away.")
            transport.write(BUSY)
            transport.close()
            return
        self._wait_for("head", self.head_seconds)

    def shutdown(self) -> None:
        """Close the connection, unless its request is on its way, which is then its last."""
        if not (self._in_head and self._head_bytes):
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._stop_waiting()
        if self._bounds.counts is not None:
            self._bounds.counts.add(-1)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head is too long."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes:
            self._wait_for("head", self.head_seconds)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """Begin to answer; a query in an address over `MAX_PARSED_BYTES`, too long for httptools, is set apart."""
        self._in_head = False
        self._stop_waiting()
        address, _, query = self.url.partition(b"?") if len(self.url) > MAX_PARSED_BYTES else (self.url, b"", None)
        self.url = address
        super().on_headers_complete()
        if query is not None:
            self.scope["query_string"] = query  # the request's task starts after this
        if self._bounds.is_stopping:
            self.cycle.keep_alive = False
        self._wait_for("body", self.body_seconds)

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on, unless it is too long."""
        self._body_bytes += len(body)
        if self._body_bytes <= MAX_BODY_BYTES:
            super().on_body(body)
        elif not self.transport.is_closing():
            self._bounds.refuse("too_long", f"A request's body is longer than {MAX_BODY_BYTES // 2**20} MB.")
            self.transport.write(TOO_LONG)
            self.transport.close()

    def on_message_complete(self) -> None:
        """The next request begins."""
        self._stop_waiting()
        self._in_head, self._head_bytes, self._body_bytes = True, 0, 0
        super().on_message_complete()

    def _wait_for(self, part: str, seconds: float) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(seconds, self._give_up, part, seconds)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self, part: str, seconds: float) -> None:
        if not self.transport.is_closing():
            self._bounds.refuse("too_slow", f"A request's {part} took more than {seconds:g} s: it is closed.")
            self.transport.write(TOO_SLOW)
            self.transport.close()
