"""New connections shared out among the workers of one service: the one that has fewest takes the next.

All workers wait for connections on one socket, and the first to wake gets one. Left to itself that is mostly the same
worker, and who keeps a connection keeps its load. So a worker that has more connections than another lets a moment pass
before it takes one, in which the other may have it. Where many come at once to busy workers, each takes several at a
time, a small share of those that there are: else the last would wait for hundreds of moments.
"""

import asyncio
import logging
import mmap
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from monitoring.logs import SERVICE_LOGGER

COUNTS_FILE: Final = "CONNECTIONS"
MOMENT_SECONDS: Final = 0.002
SHARE_AT_ONCE: Final = 1 / 16
MOST_AT_ONCE: Final = 32
"""Of all connections, how many a worker takes before it looks at those that it has taken; few enough that those above
the limit can be turned away while descriptors are left.
"""

EXHAUSTED_SECONDS: Final = 1.0
"""How long a process that has no descriptor left takes no connection."""

_NONE_TO_TAKE: Final = (BlockingIOError, InterruptedError, ConnectionAbortedError)


class ConnectionCounts:
    """How many connections each worker has, in a file that all of them map.

    Parameters
    ----------
    folder : Path
        That the workers share.
    place : int
        Of this worker among them.

    Raises
    ------
    OSError
        When the file cannot be written.
    """

    def __init__(self, folder: Path, place: int, n_places: int) -> None:
        with (folder / COUNTS_FILE).open("a+b") as file:
            os.posix_fallocate(file.fileno(), 0, n_places * 8)  # a mapped page without a place on disk ends a process
            self._counts = np.frombuffer(mmap.mmap(file.fileno(), n_places * 8), dtype=np.int64)
        self._place = place
        self._counts[place] = 0

    def add(self, n: int) -> None:
        """Count connections of this worker that came, or went (below zero)."""
        self._counts[self._place] += n

    def has_more_than_others(self) -> bool:
        """Whether another worker has fewer."""
        return bool(self._counts[self._place] > self._counts.min())

    def n_at_once(self) -> int:
        """How many connections may be taken at once."""
        return min(1 + int(SHARE_AT_ONCE * self._counts.sum()), MOST_AT_ONCE)


class SharedListener:
    """Takes connections of a socket that others listen on, too; stands where uvicorn has an asyncio server.

    Parameters
    ----------
    protocol : callable
        Makes the protocol of a connection.
    """

    def __init__(
        self, listening: socket.socket, protocol: Callable[[], asyncio.Protocol], counts: ConnectionCounts
    ) -> None:
        self._listening, self._protocol, self._counts = listening, protocol, counts
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[None]] = set()
        listening.setblocking(False)
        self._wait()

    def close(self) -> None:
        """Take no more."""
        self._loop.remove_reader(self._listening)
        if self._later is not None:
            self._later.cancel()

    async def wait_closed(self) -> None:
        """Until those that were taken are open."""
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _wait(self) -> None:
        self._loop.add_reader(self._listening, self._offered)

    def _offered(self) -> None:
        """A connection waits to be taken."""
        if self._counts.has_more_than_others():
            self._pause(MOMENT_SECONDS)
            return
        for _ in range(self._counts.n_at_once()):
            if not self._take() or self._counts.has_more_than_others():
                return

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listening)
        self._later = self._loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._wait()
        for _ in range(self._counts.n_at_once()):
            if not self._take():
                return

    def _take(self) -> bool:
        """Take a connection; False where none waits, or none can be taken."""
        try:
            connection, _ = self._listening.accept()
        except _NONE_TO_TAKE:
            return False
        except OSError as error:
            fields = {"why": str(error)}
            logging.getLogger(SERVICE_LOGGER).warning("no connection can be taken", extra={"fields": fields})
            self._pause(EXHAUSTED_SECONDS)
            return False
        self._counts.add(1)
        task = self._loop.create_task(self._open(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return True

    async def _open(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:
            self._counts.add(-1)
            connection.close()
