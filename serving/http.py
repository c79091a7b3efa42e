"""HTTP/1.1 as uvicorn speaks it with httptools, with a bound on what a request may hold before its body."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 2**20
"""Of a request line and its headers: room for the longest query that the parameters allow."""


MAX_PARSED_BYTES: Final = 65_000


class BoundedHttp(HttpToolsProtocol):
    """Refuses a request whose head does not end within `MAX_HEAD_BYTES`, so that none can fill the memory."""

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head is too long."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """Begin to answer; a query in an address over `MAX_PARSED_BYTES`, too long for httptools, is set apart."""
        self._in_head = False
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
