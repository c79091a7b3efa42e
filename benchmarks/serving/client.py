"""A load generator: requests at given moments or as fast as answers come, over connections that are used in turn.

Latency counts from the moment that a request was due, so that a service which stalls is charged for all who wait
meanwhile (Gil Tene's "coordinated omission"). A thread of its own keeps the time: an event loop's timers are coarse.
"""

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

import uvloop

TIME_OUT_SECONDS = 10.0


@dataclass(slots=True)
class Answers:
    """What came of a run.

    Attributes
    ----------
    milliseconds : list of float
        From when each answered request was due.
    seconds : float
        From the first request to the last answer.
    log : list of (float, float, str)
        When each request was due, in seconds; milliseconds from then to its answer; ``full``, what its list names as
        `degraded`, ``refused`` (503) or ``error``.
    """

    milliseconds: list[float] = field(default_factory=list)
    errors: int = 0
    hits: int = 0
    seconds: float = 0.0
    log: list[tuple[float, float, str]] = field(default_factory=list)


def open_loop(url: str, users: Sequence[str], rate: float, seconds: float, connections: int, seed: int) -> Answers:
    """Ask at a constant mean rate with Poisson arrivals, whether answers come or not."""
    return at_moments(url, users, poisson(rate, seconds, seed), connections)


def poisson(rate: float, seconds: float, seed: int) -> list[float]:
    """Random moments at a constant mean rate, in seconds from 0."""
    rng, due, moments = random.Random(seed), 0.0, []
    while (due := due + rng.expovariate(rate)) < seconds:
        moments.append(due)
    return moments


def at_moments(url: str, users: Sequence[str], moments: Sequence[float], connections: int) -> Answers:
    """Ask at given moments, whether answers come or not."""
    return uvloop.run(_run(url, users, moments, connections))


def closed_loop(url: str, users: Sequence[str], seconds: float, connections: int) -> Answers:
    """Ask over each connection as soon as it has its answer."""
    return uvloop.run(_run(url, users, None, connections, seconds))


async def _run(
    url: str, users: Sequence[str], moments: Sequence[float] | None, connections: int, seconds: float = 0.0
) -> Answers:
    loop, answers = asyncio.get_running_loop(), Answers()
    address = urlsplit(url)
    requests = [_request(address.netloc, user) for user in users]
    run = _Run(answers, requests, closed_until=None if moments is not None else time.perf_counter() + seconds)
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(run, address), address.hostname, address.port)
    start = time.perf_counter()
    if moments is None:
        run.closed_until = start + seconds
        for _ in range(connections):
            run.ask(time.perf_counter())
    else:
        _Pacer(loop, run, start, moments).start()
        run.expected = len(moments)
    await asyncio.wait_for(run.done.wait(), (moments[-1] if moments else seconds) + TIME_OUT_SECONDS)
    answers.seconds = time.perf_counter() - start
    return answers


class _Pacer(threading.Thread):
    """Hands each request to the loop when it is due."""

    def __init__(self, loop: asyncio.AbstractEventLoop, run: "_Run", start: float, moments: Sequence[float]) -> None:
        super().__init__(daemon=True)
        self._loop, self._run, self._moments = loop, run, [start + moment for moment in moments]

    def run(self) -> None:
        for due in self._moments:
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            self._loop.call_soon_threadsafe(self._run.ask, due)


class _Run:
    """Requests that wait, and connections that are free, each first come first served."""

    def __init__(self, answers: Answers, requests: Sequence[bytes], closed_until: float | None) -> None:
        self.answers, self.requests, self.closed_until = answers, requests, closed_until
        self.free: deque[_Connection] = deque()
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.done = asyncio.Event()
        self.asked = self.finished = 0
        self.expected: int | None = None
        self.opening: set[asyncio.Task[Any]] = set()

    def ask(self, due: float) -> None:
        """Send the next user's request, or let it wait for a connection."""
        request = self.requests[self.asked % len(self.requests)]
        self.asked += 1
        if self.free:
            self.free.popleft().send(due, request)
        else:
            self.waiting.append((due, request))

    def connect(self, address: SplitResult) -> None:
        """Open a connection in place of one that the service closed: it keeps idle ones for some seconds."""
        loop = asyncio.get_running_loop()
        opening = loop.create_connection(lambda: _Connection(self, address), address.hostname, address.port)
        task = loop.create_task(opening)
        self.opening.add(task)
        task.add_done_callback(self.opening.discard)

    def is_free(self, connection: "_Connection") -> None:
        """Use a connection for the request that has waited longest, or keep it for the next."""
        if self.waiting:
            connection.send(*self.waiting.popleft())
        else:
            self.free.append(connection)

    def answered(self, connection: "_Connection", due: float, status: int, hit: bool, how: str) -> None:
        """Count an answer, and use the connection again."""
        if status == 200:
            self.answers.milliseconds.append((time.perf_counter() - due) * 1000)
            self.answers.hits += hit
        self.is_free(connection)
        self.ended(due, status, how)

    def ended(self, due: float, status: int, how: str) -> None:
        """Count a request that has its answer, or whose connection was closed before (`status` 0)."""
        now = time.perf_counter()
        self.finished += 1
        self.answers.log.append((due, (now - due) * 1000, how))
        self.answers.errors += status != 200
        if self.closed_until is not None and now < self.closed_until:
            self.ask(now)
        elif self.finished == (self.asked if self.closed_until is not None else self.expected):
            self.done.set()


class _Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request under way; another one where it was closed while idle."""

    def __init__(self, run: _Run, address: SplitResult) -> None:
        self._run, self._address = run, address
        self._received = b""
        self._due: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._run.is_free(self)

    def send(self, due: float, request: bytes) -> None:
        self._due, self._received = due, b""
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if self._due is None:
            return  # the service says why it closes a connection that nobody uses
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        lowered = head.lower()
        length = int(lowered.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) >= length:
            status = int(head[9:12])
            due, self._due = self._due, None
            self._run.answered(self, due, status, b"x-cache: hit" in lowered, _how(status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._due is None:
            self._run.free.remove(self)
        else:
            self._run.ended(self._due, 0, "error")
        if not self._run.done.is_set():
            self._run.connect(self._address)


def _how(status: int, body: bytes) -> str:
    if status != 200:
        return "refused" if status == 503 else "error"
    named = body.partition(b'"degraded":')[2]
    return named[1:].partition(b'"')[0].decode() if named.startswith(b'"') else "full"


def _request(host: str, user: str) -> bytes:
    return f"GET /recommendations/{quote(user, safe='')}?limit=10 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
