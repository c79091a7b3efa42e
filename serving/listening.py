"""The socket that a service listens on."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from shortlist.errors import ShortlistError

BACKLOG: Final = 2048


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens already: requests wait in its backlog until somebody accepts them."""

    socket: socket.socket
    url: str


@contextmanager
def listen(host: str, port: int) -> Iterator[Listener]:
    """Listen on an address; port 0 takes a free one.

    Accepted connections inherit TCP_NODELAY. Without it the body of an answer waits for the client's acknowledgement of
    the headers, which systems delay by 40 ms: asyncio sets the option only on sockets that name their protocol.

    Raises
    ------
    ShortlistError
        When the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ShortlistError(
            f"{host}:{port}: cannot listen there ({os.strerror(error.errno or 0)}). Choose another --host or --port."
        ) from error
    with listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        shown_host = f"[{host}]" if family == socket.AF_INET6 else host
        yield Listener(listening, f"http://{shown_host}:{listening.getsockname()[1]}")
