"""The socket that the service listens on."""

import socket
import time

import httpx
import pytest

from serving.server import listen
from shortlist.errors import ShortlistError


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """An accepted connection sends small packets at once."""
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.socket.getsockname()),
    ):
        accepted, _ = listener.socket.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_one_request_after_the_other_is_quick(client: httpx.Client) -> None:
    """Twenty requests over one connection take far less than twenty delayed acknowledgements."""
    client.get("/health/live")
    start = time.perf_counter()
    for _ in range(20):
        client.get("/health/live")
    assert time.perf_counter() - start < 0.4


def test_a_port_in_use_is_refused_with_the_remedy() -> None:
    """The message names the address and the option."""
    with listen("127.0.0.1", 0) as listener:
        port = listener.socket.getsockname()[1]
        with pytest.raises(ShortlistError, match=rf"127\.0\.0\.1:{port}.*--port"), listen("127.0.0.1", port):
            pass


def test_an_address_of_another_machine_is_refused() -> None:
    """What cannot be listened on is a message, not a traceback."""
    with pytest.raises(ShortlistError, match="cannot listen"), listen("203.0.113.1", 0):
        pass


def test_a_host_name_that_is_none_is_refused() -> None:
    """A name that no resolver knows is a message too."""
    with pytest.raises(ShortlistError, match="cannot listen"), listen("no-such-host.invalid", 0):
        pass
