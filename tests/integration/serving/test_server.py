"""The socket that the service listens on."""

import contextlib
import socket
import time

import httpx
import pytest

from serving.http import BoundedHttp
from serving.listening import listen
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


def test_a_head_that_does_not_end_is_refused(client: httpx.Client) -> None:
    """Headers without an end are cut off once they are a megabyte long; the next request is served."""
    address = (client.base_url.host, client.base_url.port)
    with socket.create_connection(address, timeout=10) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n")
        for _ in range(40):
            connection.sendall(b"X-More: " + b"a" * 2**16 + b"\r\n")
        assert connection.recv(2**16).startswith(b"HTTP/1.1 400")  # waits in vain where nothing bounds it
    assert client.get("/health/live").status_code == 200


def test_a_body_is_not_counted_as_head(client: httpx.Client) -> None:
    """A request with two megabytes of body is answered, and so is the next on the same connection."""
    for _ in range(2):
        answer = client.request("GET", "/health/live", content=b"a" * 2**21)
        assert answer.status_code == 200


def test_a_body_that_does_not_end_is_refused(client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    """Too long by far, or not there in time: cut off; the next request is served, and no traceback is written."""
    monkeypatch.setattr(BoundedHttp, "body_seconds", 0.3)
    address = (client.base_url.host, client.base_url.port)
    head = b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(head + b"[")
        assert connection.recv(2**16).startswith(b"HTTP/1.1 408")
    monkeypatch.setattr(BoundedHttp, "body_seconds", 30)
    with socket.create_connection(address, timeout=10) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(head)
        for _ in range(200):
            connection.sendall(b" " * 2**16)
        assert connection.recv(2**16).startswith(b"HTTP/1.1 413")
    assert client.get("/health/live").status_code == 200
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("sent", [b"", b"GET /health/live HTTP/1.1\r\nHost: a\r\nX-More: "])
def test_a_head_that_does_not_come_is_not_waited_for(client: httpx.Client, monkeypatch, sent: bytes) -> None:
    """A connection that says nothing, or half a request, is closed in time; one between requests is not."""
    monkeypatch.setattr(BoundedHttp, "head_seconds", 0.3)
    address = (client.base_url.host, client.base_url.port)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(sent)
        assert connection.recv(2**16).startswith(b"HTTP/1.1 408")
        assert connection.recv(2**16) == b""
    with socket.create_connection(address, timeout=10) as connection:
        for _ in range(2):
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(2**16).startswith(b"HTTP/1.1 200")
            time.sleep(0.6)
