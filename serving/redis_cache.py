"""Lists in Redis, on a budget of milliseconds: no retries, a bounded pool, and no time-out that is our own fault."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from serving.cache import StoreBusy, StoreRefused
from shortlist.errors import ConfigError, StoreUnavailable

Answer = TypeVar("Answer")

TICKS: Final = 5
"""Into how many pauses a budget is divided, so that time in which the event loop was busy does not count."""


class RedisCache:
    """Bytes in Redis or Valkey, each with a time to live; only GET, SET and PING are used.

    Every operation is given `timeout_seconds`, connecting included, after at most as long for a connection to be free.
    Nothing is connected before the first operation.

    Parameters
    ----------
    url : str
        ``redis://``, ``rediss://`` or ``unix://``.
    timeout_seconds : float
    max_connections : int

    Raises
    ------
    ConfigError
        When the URL is not one.
    """

    name = "redis"

    def __init__(self, url: str, timeout_seconds: float, max_connections: int) -> None:
        self._timeout_seconds = timeout_seconds
        self._slots = asyncio.Semaphore(max_connections)
        self._client = Redis(connection_pool=_pool(url, max_connections))

    async def get(self, key: str) -> bytes | None:
        """The bytes under a key."""
        value: bytes | None = await self._ask(lambda: self._client.get(key))
        return value

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep bytes under a key for so long, whatever lay there."""
        await self._ask(lambda: self._client.set(key, value, ex=seconds))

    async def ping(self) -> None:
        """Return when Redis answers."""
        await self._ask(self._client.ping)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        await self._client.connection_pool.disconnect()

    async def _ask(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Send one command when a connection is free. Waiting for one says nothing about Redis, so it fails apart."""
        try:
            if self._slots.locked():
                await within(self._timeout_seconds, self._slots.acquire())
            else:
                await self._slots.acquire()
        except TimeoutError as error:
            raise StoreBusy("All connections to Redis are in use. Raise redis_max_connections.") from error
        try:
            return await self._send(command())
        finally:
            self._slots.release()

    async def _send(self, operation: Awaitable[Any]) -> Any:
        try:
            return await within(self._timeout_seconds, operation)
        except ResponseError as error:
            raise StoreRefused(f"Redis answers with an error: {error}") from error
        except (RedisError, OSError, ValueError, UnicodeError) as error:  # the last two: an answer that is not Redis's
            raise StoreUnavailable(f"Redis does not answer: {type(error).__name__}. Check its URL.") from error


async def within(seconds: float, operation: Awaitable[Answer]) -> Answer:
    """Give an operation so much of the event loop's free time, then cancel it.

    The budget is spent in short pauses, each of which ends no earlier than the loop has looked for answers once more.
    So a loop that computes meanwhile stretches the budget, and finds no fault with a store that is fast; a loop that
    is idle keeps it to the millisecond.

    Raises
    ------
    TimeoutError
        When the budget is spent.
    """
    task = asyncio.ensure_future(operation)
    try:
        for _ in range(TICKS):
            done, _pending = await asyncio.wait({task}, timeout=seconds / TICKS)
            if done:
                return task.result()
        raise TimeoutError(f"no answer within {seconds} s")
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_consume)


def _consume(task: asyncio.Future[Any]) -> None:
    """Take note of a cancelled operation's end, so that nobody reports it as forgotten."""
    if not task.cancelled():
        task.exception()


def _pool(url: str, max_connections: int) -> BlockingConnectionPool:
    """A pool that tries everything once. It keeps no time: `within` does, for connecting and answering together."""
    try:
        return BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=None,
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
    except ValueError as error:
        raise ConfigError(f"The Redis URL is wrong: {error}. Write redis://host:6379/0.") from error
