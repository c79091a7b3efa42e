"""HTTP/1.1 as uvicorn speaks it with httptools, with bounds on what comes before a request's body."""

import asyncio
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 2**20
"""Of a request line and its headers: room for the longest query that the parameters allow."""

MAX_PARSED_BYTES: Final = 65_000
"""Of an address: httptools parses none of 65,536."""


class BoundedHttp(HttpToolsProtocol):
    """Refuses a request whose head does not end within so many bytes and seconds: none fills the memory or waits on.

    A connection that has sent nothing yet has as long.
    """

    head_seconds: ClassVar[float] = 10.0

    _head_bytes = 0
    _in_head = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head is too long."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes:
            self._wait_for_head()
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """Begin to answer; a query in an address over `MAX_PARSED_BYTES`, too long for httptools, is set apart."""
        self._in_head = False
        self._stop_waiting()
        if len(self.url) <= MAX_PARSED_BYTES:
            super().on_headers_complete()
            return
        self.url, _, query = self.url.partition(b"?")
        super().on_headers_complete()
        self.scope["query_string"] = query  # the request's task starts after this

    def on_message_complete(self) -> None:
        """The next request begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_complete()

    def _wait_for_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.logger.warning("A request's head took more than %g s; its connection is closed.", self.head_seconds)
            self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()
