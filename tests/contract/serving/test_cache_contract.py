"""What every cache backend keeps, whether it lies in memory or in Redis."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from serving.cache import CacheBackend, MemoryCache
from serving.redis_cache import RedisCache

TTL_SECONDS = 1
Scenario = Callable[[CacheBackend, str], Awaitable[Any]]


@pytest.fixture(params=["memory", "redis"])
def play(request: pytest.FixtureRequest) -> Callable[[Scenario], Any]:
    """Run a scenario on a fresh backend, with a prefix for keys that nobody else uses."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None

    def run(scenario: Scenario) -> Any:
        async def with_backend() -> Any:
            backend: CacheBackend = (
                MemoryCache(2**20, TTL_SECONDS) if url is None else RedisCache(url, TTL_SECONDS, 0.5, 4)
            )
            try:
                return await scenario(backend, uuid.uuid4().hex)
            finally:
                await backend.close()

        return asyncio.run(with_backend())

    return run


def test_a_key_that_was_never_put_holds_nothing(play: Callable[[Scenario], Any]) -> None:
    """Looking for an unknown key gives None, not an error."""

    async def scenario(cache: CacheBackend, key: str) -> bytes | None:
        return await cache.get(key)

    assert play(scenario) is None


@pytest.mark.parametrize("value", [b"", b"{}", bytes(range(256)), b"x" * 100_000])
def test_bytes_come_back_as_they_went_in(play: Callable[[Scenario], Any], value: bytes) -> None:
    """Any bytes, empty and binary ones included, are kept letter by letter."""

    async def scenario(cache: CacheBackend, key: str) -> bytes | None:
        await cache.put(key, value)
        return await cache.get(key)

    assert play(scenario) == value


def test_the_last_value_counts(play: Callable[[Scenario], Any]) -> None:
    """Putting under the same key replaces; other keys stay as they are."""

    async def scenario(cache: CacheBackend, key: str) -> list[bytes | None]:
        await cache.put(key, b"old")
        await cache.put(f"{key}|other", b"other")
        await cache.put(key, b"new")
        return [await cache.get(key), await cache.get(f"{key}|other")]

    assert play(scenario) == [b"new", b"other"]


@pytest.mark.slow
def test_a_value_goes_when_its_time_is_over(play: Callable[[Scenario], Any]) -> None:
    """After the time to live nothing is found."""

    async def scenario(cache: CacheBackend, key: str) -> tuple[bytes | None, bytes | None]:
        await cache.put(key, b"value")
        before = await cache.get(key)
        await asyncio.sleep(TTL_SECONDS + 0.2)
        return before, await cache.get(key)

    assert play(scenario) == (b"value", None)


def test_many_at_once_are_all_answered(play: Callable[[Scenario], Any]) -> None:
    """More operations at once than there are connections wait their turn."""

    async def scenario(cache: CacheBackend, key: str) -> list[bytes | None]:
        await asyncio.gather(*(cache.put(f"{key}|{n}", str(n).encode()) for n in range(30)))
        return list(await asyncio.gather(*(cache.get(f"{key}|{n}") for n in range(30))))

    assert play(scenario) == [str(n).encode() for n in range(30)]


def test_a_backend_that_works_answers_a_ping(play: Callable[[Scenario], Any]) -> None:
    """A ping returns."""

    async def scenario(cache: CacheBackend, _key: str) -> bool:
        await cache.ping()
        return True

    assert play(scenario)
