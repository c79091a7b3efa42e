"""Requests for lists wait in line for their turn, so that a service with too much to do answers what it can in time."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.counters import ServiceCounters
from serving.errors import Overloaded, refusal
from serving.waiting import Ease, Place, WaitingLine

EASE: Final = "shortlist.ease"
"""Where a request's scope says what its list is to be made with."""

TURNS: Final = 2
TURNS_WITH_REDIS: Final = 16
"""Requests at work at a time: more where they wait for a cache, few so that all others are seen to be waiting."""

_PATHS: Final = ("/recommendations", "/popular", "/items/")


class Admission:
    """ASGI middleware: one at a time, in time, or not at all.

    Parameters
    ----------
    counters : ServiceCounters
    deadline : float
        How long a request may take, in seconds.
    n_turns : int
        How many requests may be at work at a time.
    """

    def __init__(self, app: ASGIApp, counters: ServiceCounters, deadline: float, n_turns: int = TURNS) -> None:
        self._app, self._counters = app, counters
        self._line = WaitingLine(deadline)
        self._n_free = n_turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request for a list in when it is its turn; everything else passes."""
        if scope["type"] != "http" or not _is_for_a_list(scope):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "POST":
            receive = await _received(receive)  # nobody has a turn while a client still sends
        place = self._line.arrive(perf_counter())
        if place is None:
            await self._refuse(scope, receive, send)
            return
        await self._wait(place)
        self._counters.admissions.labels(place.ease or "full").inc()
        scope[EASE] = place.ease
        await self._answer(scope, receive, send)

    async def _wait(self, place: Place) -> None:
        """Until it is its turn, whoever else has come meanwhile."""
        place.turn = asyncio.get_running_loop().create_future()
        self._call_soon()
        try:
            await place.turn
        except asyncio.CancelledError:
            if place.turn.done() and not place.turn.cancelled():
                self._give_back()
            raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The turn ends when the answer begins to be sent: a client may read it slowly."""
        give_back = _once(self._give_back)

        async def send_on(message: Message) -> None:
            give_back()
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            give_back()

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._counters.admissions.labels("refused").inc()
        error = Overloaded("The service has more to do than it can answer in time. Ask again, as Retry-After says.")
        await refusal(error)(scope, receive, send)

    def _give_back(self) -> None:
        self._n_free += 1
        self._call_soon()

    def _call_soon(self) -> None:
        """Call the next ones once the requests that are there already have taken their places."""
        if len(self._line) and self._n_free:
            asyncio.get_running_loop().call_soon(self._call)

    def _call(self) -> None:
        while self._n_free and (place := self._line.next(perf_counter())) is not None:
            if not place.turn.done():  # its client's task may have ended
                self._n_free -= 1
                place.turn.set_result(None)


def ease_of(scope: Scope) -> Ease | None:
    """What a request's list is to be made with; None for all there is."""
    ease: Ease | None = scope.get(EASE)
    return ease


def _is_for_a_list(scope: Scope) -> bool:
    path: str = scope["path"]
    is_asked = scope["method"] == "GET" or (scope["method"] == "POST" and path == "/recommendations")
    return is_asked and path.startswith(_PATHS)


async def _received(receive: Receive) -> Receive:
    """The messages of a whole body, or of a client that has gone, to be given again; then what comes."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    again = iter(messages)

    async def receive_again() -> Message:
        return next(again, None) or await receive()

    return receive_again


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """The same, without effect from the second time on."""
    is_done = False

    def call_once() -> None:
        nonlocal is_done
        if not is_done:
            is_done = True
            call()

    return call_once
