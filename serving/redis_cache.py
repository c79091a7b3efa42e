"""Lists in Redis, on a budget of milliseconds: no retries, a bounded pool, and no time-out that is our own fault."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from serving.cache import StoreRefused
from shortlist.errors import ConfigError, StoreUnavailable

Answer = TypeVar("Answer")

GRACE_SECONDS: Final = 0.001
"""How long an answer that arrived while the event loop was busy computing has to be read after the budget is over."""


class RedisCache:
    """Bytes in Redis or Valkey, each with a time to live; only GET, SET and PING are used.

    Every operation is given `timeout_seconds`, waiting for a connection and connecting included. Nothing is connected
    before the first operation.

    Parameters
    ----------
    url : str
        ``redis://``, ``rediss://`` or ``unix://``.
    ttl_seconds : int
    timeout_seconds : float
    max_connections : int

    Raises
    ------
    ConfigError
        When the URL is not one.
    """

    name = "redis"

    def __init__(self, url: str, ttl_seconds: int, timeout_seconds: float, max_connections: int) -> None:
        self._ttl_seconds = ttl_seconds
        self._timeout_seconds = timeout_seconds
        self._client = Redis(connection_pool=_pool(url, timeout_seconds, max_connections))

    async def get(self, key: str) -> bytes | None:
        """The bytes under a key."""
        value: bytes | None = await self._within_budget(self._client.get(key))
        return value

    async def put(self, key: str, value: bytes) -> None:
        """Keep bytes under a key, whatever lay there."""
        await self._within_budget(self._client.set(key, value, ex=self._ttl_seconds))

    async def ping(self) -> None:
        """Return when Redis answers."""
        await self._within_budget(self._client.ping())

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        await self._client.connection_pool.disconnect()

    async def _within_budget(self, operation: Any) -> Any:
        try:
            return await within(self._timeout_seconds, operation)
        except ResponseError as error:
            raise StoreRefused(f"Redis answers with an error: {error}") from error
        except (RedisError, OSError, ValueError, UnicodeError) as error:  # the last two: an answer that is not Redis's
            raise StoreUnavailable(f"Redis does not answer: {type(error).__name__}. Check its URL.") from error


async def within(seconds: float, operation: Coroutine[Any, Any, Answer]) -> Answer:
    """Wait so long for an operation, then cancel it.

    A loop that was busy when the answer arrived reads it first: `asyncio.timeout` would throw such answers away, and
    under load would find fault with a store that is fast.

    Raises
    ------
    TimeoutError
        When the time is over.
    """
    task = asyncio.ensure_future(operation)
    try:
        for pause in (seconds, GRACE_SECONDS):
            done, _ = await asyncio.wait({task}, timeout=pause)
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


def _pool(url: str, timeout_seconds: float, max_connections: int) -> BlockingConnectionPool:
    """A pool that waits for a free connection no longer than for an answer, and tries everything once."""
    try:
        return BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=timeout_seconds,
            socket_timeout=None,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
    except ValueError as error:
        raise ConfigError(f"The Redis URL is wrong: {error}. Write redis://host:6379/0.") from error
