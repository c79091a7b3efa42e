"""Who of several workers takes the next connection."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from serving.sharing import ConnectionCounts, SharedListener

N = 40


class Held(asyncio.Protocol):
    """A connection that stays open."""


@contextlib.asynccontextmanager
async def listening(*counts: ConnectionCounts, backlog: int = N) -> AsyncIterator[int]:
    """A port on which somebody listens for each of some workers."""
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as one:
        own = [one.dup() for _ in counts]
        listeners = [SharedListener(each, Held, count) for each, count in zip(own, counts, strict=True)]
        yield one.getsockname()[1]
        for listener, each in zip(listeners, own, strict=True):
            listener.close()
            await listener.wait_closed()
            each.close()


async def connect(port: int, n: int) -> list[asyncio.StreamWriter]:
    return [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(n)]


async def all_taken(folder: Path, n: int) -> list[int]:
    """The counts, once so many connections have been taken."""
    async with asyncio.timeout(30):
        while sum(found := read(folder)) < n:
            await asyncio.sleep(0.001)
    return found


def read(folder: Path) -> list[int]:
    return [int(one) for one in memoryview((folder / "CONNECTIONS").read_bytes()).cast("q")]


def test_connections_are_shared_out(tmp_path: Path) -> None:
    """Whoever wakes first, no worker has more above the others than it takes at once."""

    async def share() -> list[int]:
        counts = [ConnectionCounts(tmp_path, place, 2) for place in range(2)]
        async with listening(*counts) as port:
            writers = await connect(port, N)
            found = await all_taken(tmp_path, N)
            for writer in writers:
                writer.close()
            return found

    found = asyncio.run(share())
    assert sum(found) == N
    assert max(found) - min(found) <= 2 * (1 + N // 16)


def test_who_has_more_takes_what_nobody_else_does(tmp_path: Path) -> None:
    """A worker that hangs keeps no connection waiting for longer than a moment each."""

    async def share() -> list[int]:
        ConnectionCounts(tmp_path, 1, 2)
        async with listening(ConnectionCounts(tmp_path, 0, 2)) as port:
            writers = await connect(port, N)
            found = await all_taken(tmp_path, N)
            for writer in writers:
                writer.close()
            return found

    assert asyncio.run(share()) == [N, 0]


def test_many_that_come_at_once_do_not_wait_a_moment_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of turn a worker takes more at a time the more there are: 400 in well below 400 moments."""
    pauses = []
    pause = SharedListener._pause
    monkeypatch.setattr(SharedListener, "_pause", lambda self, seconds: (pauses.append(seconds), pause(self, seconds)))

    async def share() -> list[int]:
        ConnectionCounts(tmp_path, 1, 2)
        async with listening(ConnectionCounts(tmp_path, 0, 2), backlog=400) as port:
            writers = await asyncio.gather(*[connect(port, 1) for _ in range(400)])
            found = await all_taken(tmp_path, 400)
            for (writer,) in writers:
                writer.close()
            return found

    assert asyncio.run(share()) == [400, 0]
    assert len(pauses) < 200


def test_a_worker_that_is_replaced_begins_with_none(tmp_path: Path) -> None:
    first, other = ConnectionCounts(tmp_path, 0, 2), ConnectionCounts(tmp_path, 1, 2)
    first.add(3)
    other.add(1)
    assert (first.has_more_than_others(), other.has_more_than_others()) == (True, False)
    assert not ConnectionCounts(tmp_path, 0, 2).has_more_than_others()
    assert read(tmp_path) == [0, 1]


def test_where_no_descriptor_is_left_it_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a pause, and the log says so."""
    monkeypatch.setattr("serving.sharing.EXHAUSTED_SECONDS", 0.01)
    failures = [OSError(24, "Too many open files"), BlockingIOError()]

    class Exhausted(socket.socket):
        def accept(self) -> tuple[socket.socket, object]:
            if failures:
                raise failures.pop(0)
            return super().accept()

    async def share() -> list[int]:
        with Exhausted() as one:
            one.bind(("127.0.0.1", 0))
            one.listen(1)
            listener = SharedListener(one, Held, ConnectionCounts(tmp_path, 0, 1))
            (writer,) = await connect(one.getsockname()[1], 1)
            found = await all_taken(tmp_path, 1)
            listener.close()
            await listener.wait_closed()
            writer.close()
            return found

    assert asyncio.run(share()) == [1]
    assert not failures
