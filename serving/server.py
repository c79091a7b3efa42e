"""The HTTP server of one process: its bounds, and a stop that answers what has been accepted."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, Final, cast

import uvicorn
from fastapi import FastAPI

from monitoring.logs import logging_config
from serving.app import create_app
from serving.descriptors import most_connections
from serving.http import BoundedHttp, Bounds
from serving.listening import Listener
from serving.service import Service
from serving.settings import ServiceSettings
from serving.sharing import ConnectionCounts, SharedListener
from shortlist.errors import ShortlistError

STOP_SECONDS: Final = 10
"""As long may answers that are under way take when the server is told to stop."""

DRAIN_SECONDS: Final = 1.0
"""As long are new connections still taken then, so that a load balancer can turn away ..."""

QUIET_SECONDS: Final = 0.2
"""... or until none came for so long."""


TICKS: Final = 10
"""Of uvicorn's, in a second."""


class Server(uvicorn.Server):
    """A server that stops in order: it answers what comes for a moment longer, and closes each connection after.

    Parameters
    ----------
    goes_on : callable
        Asked every second; False stops the server.
    drain_seconds : float
        As long are new connections still taken at a stop.
    counts : ConnectionCounts, optional
        Of the workers of a service, who share out new connections.
    """

    def __init__(
        self,
        app: FastAPI,
        log_config: dict[str, Any] | None,
        goes_on: Callable[[], bool] | None = None,
        drain_seconds: float = DRAIN_SECONDS,
        counts: ConnectionCounts | None = None,
    ) -> None:
        self._bounds = Bounds(app.state.counters, most_connections(), counts=counts)
        self._goes_on, self._drain_seconds = goes_on or (lambda: True), drain_seconds
        http = cast("type[asyncio.Protocol]", partial(BoundedHttp, bounds=self._bounds))
        config = uvicorn.Config(
            app,
            log_config=log_config,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
            loop="uvloop",
            http=http,
        )
        super().__init__(config)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """From now on each answer is the last of its connection."""
        self._bounds.is_stopping = True
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        counts = self._bounds.counts
        await super().startup(sockets if counts is None else [])
        if counts is not None and sockets is not None:
            listeners = [SharedListener(one, self._protocol, counts) for one in sockets]
            self.servers = cast("list[asyncio.base_events.Server]", listeners)

    def _protocol(self) -> asyncio.Protocol:
        options = {"server_state": self.server_state, "app_state": self.lifespan.state}
        made: asyncio.Protocol = self.config.http_protocol_class(config=self.config, **options)  # type: ignore[call-arg]
        return made

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop."""
        return await super().on_tick(counter) or (counter % TICKS == 0 and not self._goes_on())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what has been accepted, each answer the last of its connection, and let go of the socket."""
        self._bounds.is_stopping = True
        for _ in range(round(self._drain_seconds / QUIET_SECONDS)):
            before = self._n_seen
            await asyncio.sleep(QUIET_SECONDS)
            if self._n_seen == before:
                break
        await super().shutdown(sockets)

    @property
    def _n_seen(self) -> int:
        return self._bounds.n_accepted + self.server_state.total_requests


def run_one(settings: ServiceSettings, service: Service, listener: Listener) -> None:
    """Answer in this process, from a service that is loaded, until SIGINT or SIGTERM.

    Raises
    ------
    ShortlistError
        When the server does not start.
    """
    server = Server(create_app(settings, service), logging_config())
    with stopping_quietly():
        server.run(sockets=[listener.socket])
    if not server.started:
        raise ShortlistError("The server did not start; its log says why.")


@contextmanager
def stopping_quietly() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does. uvicorn raises a signal again once it has shut down in order."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
