"""Seals, keys, the memory's bounds, and a cache whose store is out of reach."""

import asyncio
import socket

import pytest

from monitoring.counters import ServiceCounters
from serving.breaker import CircuitBreaker
from serving.cache import ListCache, Lookup, MemoryCache, StoreRefused, cache_key, seal, unseal
from serving.redis_cache import RedisCache, within
from shortlist.errors import ConfigError


def sample(counters: ServiceCounters, name: str, **labels: str) -> float | None:
    return counters.registry.get_sample_value(name, labels)


def test_a_sealed_value_is_recognised_under_its_key_only() -> None:
    """A value opens under its own key and under no other."""
    sealed = seal("a", b"value")
    assert unseal("a", sealed) == b"value"
    assert unseal("b", sealed) is None


@pytest.mark.parametrize("garbage", [b"", b"SL1", b"{}", b"\x00" * 40, seal("a", b"value")[:-1]])
def test_what_is_not_sealed_is_not_a_value(garbage: bytes) -> None:
    """Empty, foreign and cut bytes open as nothing."""
    assert unseal("a", garbage) is None


def test_every_changed_byte_breaks_the_seal() -> None:
    """Whichever byte of a sealed value changes, it no longer opens."""
    sealed = seal("a", b"value")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert unseal("a", bytes(changed)) is None


def test_a_key_depends_on_everything_that_a_list_depends_on() -> None:
    """Changing the version, variant, experiments, user or parameters changes the key."""
    parts = ["v1", "control", "e1", "anna", (10, 0)]
    others = ["v2", "x:y", "e2", "bob", (10, 1)]
    keys = {cache_key(*parts)} | {cache_key(*parts[:n], other, *parts[n + 1 :]) for n, other in enumerate(others)}
    assert len(keys) == 6


def test_a_key_does_not_show_the_user() -> None:
    """The user's id is not in the key in clear."""
    assert "anna@example.com" not in cache_key("v", "control", "e", "anna@example.com", ())


def test_memory_is_bounded_in_bytes() -> None:
    """The least recently used entries make room, so that the bound holds."""

    async def fill() -> list[bytes | None]:
        cache = MemoryCache(300, 60)
        for name in ("a", "b", "c"):
            await cache.put(name, b"x" * 120)
        return [await cache.get(name) for name in ("a", "b", "c")]

    assert asyncio.run(fill()) == [None, b"x" * 120, b"x" * 120]


def test_a_value_larger_than_the_memory_is_refused() -> None:
    """What can never fit is refused, and the message names the setting."""
    with pytest.raises(StoreRefused, match="cache_memory_bytes"):
        asyncio.run(MemoryCache(10, 60).put("key", b"x" * 100))


def test_an_unreachable_store_is_a_bypass_that_is_counted_and_then_left_alone() -> None:
    """Failures are counted; after enough of them the breaker opens and further look-ups are skipped."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    counters = ServiceCounters()

    async def look() -> list[Lookup]:
        backend = RedisCache(f"redis://127.0.0.1:{port}/0", 60, 0.05, 4)
        cache = ListCache(backend, CircuitBreaker(2, 60.0), counters)
        found = [await cache.get("key") for _ in range(4)]
        await cache.put("key", b"value")
        assert not await cache.answers()
        await cache.close()
        return found

    assert asyncio.run(look()) == [Lookup("bypass")] * 4
    assert sample(counters, "shortlist_cache_errors_total", backend="redis", kind="unreachable") == 2
    assert sample(counters, "shortlist_cache_skipped_total", backend="redis") == 3
    assert sample(counters, "shortlist_cache_breaker_open", backend="redis") == 1


@pytest.mark.parametrize("url", ["http://localhost", "localhost:6379", "redis://host:port/0"])
def test_a_url_that_is_none_of_redis_is_refused(url: str) -> None:
    """A wrong URL is found before anything connects."""
    with pytest.raises(ConfigError, match="redis://"):
        RedisCache(url, 60, 0.01, 4)


def test_a_budget_ends_a_wait() -> None:
    """An operation that never ends is cancelled when its time is over."""

    async def wait() -> None:
        await within(0.02, asyncio.sleep(60))

    with pytest.raises(TimeoutError):
        asyncio.run(wait())


def test_time_in_which_the_loop_was_busy_does_not_count() -> None:
    """An answer that arrives while the loop computes is read, though the budget's milliseconds are over."""

    async def answer_in_three_turns() -> str:
        for _ in range(3):
            await asyncio.sleep(0)
        return "answer"

    async def busy_loop() -> str:
        loop = asyncio.get_running_loop()
        waiting = asyncio.ensure_future(within(0.005, answer_in_three_turns()))

        def compute() -> None:
            end = loop.time() + 0.02
            while loop.time() < end:
                pass

        for _ in range(3):
            loop.call_soon(compute)
            await asyncio.sleep(0)
        return await waiting

    assert asyncio.run(busy_loop()) == "answer"
