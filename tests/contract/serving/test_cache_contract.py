"""What a cache of lists keeps, whether it lies in memory, in Redis or in both."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from monitoring.counters import ServiceCounters
from serving.breaker import CircuitBreaker
from serving.cache import ListCache, MemoryCache
from serving.redis_cache import RedisCache

TTL_SECONDS = 1
Scenario = Callable[[ListCache, str], Awaitable[Any]]


@pytest.fixture(params=["memory", "redis", "both"])
def play(request: pytest.FixtureRequest) -> Callable[[Scenario], Any]:
    """Run a scenario on a fresh cache, with a prefix for keys that nobody else uses."""
    url = None if request.param == "memory" else request.getfixturevalue("redis_url")

    def run(scenario: Scenario) -> Any:
        async def with_cache() -> Any:
            memory = None if request.param == "redis" else MemoryCache(2**20)
            store = None if url is None else RedisCache(url, 0.5, 4)
            cache = ListCache(memory, store, TTL_SECONDS, CircuitBreaker(5, 5.0), ServiceCounters())
            try:
                return await scenario(cache, uuid.uuid4().hex)
            finally:
                await cache.close()

        return asyncio.run(with_cache())

    return run


async def value_of(cache: ListCache, key: str) -> bytes | None:
    """What the cache has under a key, None on a miss."""
    found = await cache.get(key)
    assert found.outcome in {"hit", "miss"}
    return found.value if found.outcome == "hit" else None


def test_a_key_that_was_never_put_holds_nothing(play: Callable[[Scenario], Any]) -> None:
    """Looking for an unknown key gives None, not an error."""

    async def scenario(cache: ListCache, key: str) -> bytes | None:
        return await value_of(cache, key)

    assert play(scenario) is None


@pytest.mark.parametrize("value", [b"", b"{}", bytes(range(256)), b"x" * 100_000])
def test_bytes_come_back_as_they_went_in(play: Callable[[Scenario], Any], value: bytes) -> None:
    """Any bytes, empty and binary ones included, are kept letter by letter."""

    async def scenario(cache: ListCache, key: str) -> bytes | None:
        await cache.put(key, value)
        return await value_of(cache, key)

    assert play(scenario) == value


def test_the_last_value_counts(play: Callable[[Scenario], Any]) -> None:
    """Putting under the same key replaces; other keys stay as they are."""

    async def scenario(cache: ListCache, key: str) -> list[bytes | None]:
        await cache.put(key, b"old")
        await cache.put(f"{key}|other", b"other")
        await cache.put(key, b"new")
        return [await value_of(cache, key), await value_of(cache, f"{key}|other")]

    assert play(scenario) == [b"new", b"other"]


@pytest.mark.slow
def test_a_value_goes_when_its_time_is_over(play: Callable[[Scenario], Any]) -> None:
    """After the time to live nothing is found."""

    async def scenario(cache: ListCache, key: str) -> tuple[bytes | None, bytes | None]:
        await cache.put(key, b"value")
        before = await value_of(cache, key)
        await asyncio.sleep(TTL_SECONDS + 0.2)
        return before, await value_of(cache, key)

    assert play(scenario) == (b"value", None)


def test_many_at_once_are_all_answered(play: Callable[[Scenario], Any]) -> None:
    """More operations at once than there are connections wait their turn."""

    async def scenario(cache: ListCache, key: str) -> list[bytes | None]:
        await asyncio.gather(*(cache.put(f"{key}|{n}", str(n).encode()) for n in range(30)))
        return list(await asyncio.gather(*(value_of(cache, f"{key}|{n}") for n in range(30))))

    assert play(scenario) == [str(n).encode() for n in range(30)]


def test_a_cache_that_works_answers(play: Callable[[Scenario], Any]) -> None:
    """It is reachable, and so says the service's readiness."""

    async def scenario(cache: ListCache, _key: str) -> bool:
        return await cache.answers()

    assert play(scenario)
