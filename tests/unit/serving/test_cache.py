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
    sealed = seal("a", b"value", 9.5)
    assert unseal("a", sealed) == (b"value", 9.5)
    assert unseal("b", sealed) is None


@pytest.mark.parametrize("garbage", [b"", b"SL2", b"{}", b"\x00" * 40, seal("a", b"value", 9.5)[:-1]])
def test_what_is_not_sealed_is_not_a_value(garbage: bytes) -> None:
    """Empty, foreign and cut bytes open as nothing."""
    assert unseal("a", garbage) is None


def test_every_changed_byte_breaks_the_seal() -> None:
    """Whichever byte of a sealed value changes, it no longer opens."""
    sealed = seal("a", b"value", 9.5)
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
    cache = MemoryCache(300)
    for name in ("a", "b", "c"):
        cache.put(name, b"x" * 120, 60)
    assert [cache.get(name) for name in ("a", "b", "c")] == [None, b"x" * 120, b"x" * 120]


def test_each_entry_of_the_memory_has_its_own_end() -> None:
    """At the clock's next second the one is gone and the other still there."""
    now = 0.0
    cache = MemoryCache(300, clock=lambda: now)
    cache.put("short", b"x", 1)
    cache.put("long", b"x", 3)
    now = 2.0
    assert (cache.get("short"), cache.get("long")) == (None, b"x")


def test_a_value_larger_than_the_memory_is_refused() -> None:
    """What can never fit is refused, and the message names the setting; a cache of lists counts it and goes on."""
    with pytest.raises(StoreRefused, match="cache_memory_bytes"):
        MemoryCache(10).put("key", b"x" * 100, 60)
    counters = ServiceCounters()

    async def put() -> Lookup:
        cache = ListCache(MemoryCache(10), None, 60, CircuitBreaker(2, 60.0), counters)
        await cache.put("key", b"x" * 100)
        return await cache.get("key")

    assert asyncio.run(put()) == Lookup("miss")
    assert sample(counters, "shortlist_cache_errors_total", backend="memory", kind="refused") == 1


class Shelf:
    """A store in a dictionary, to see what is asked of one."""

    name = "redis"

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, int]] = {}
        self.asked = 0

    async def get(self, key: str) -> bytes | None:
        self.asked += 1
        return self.kept[key][0] if key in self.kept else None

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        self.kept[key] = value, seconds

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


def test_memory_comes_first_and_keeps_what_the_store_gave_no_longer_than_it_lives() -> None:
    """A list that another process made is asked of the store once, and ends when it would have ended there."""
    now, shelf, counters = 0.0, Shelf(), ServiceCounters()

    async def scenario() -> list[str]:
        other = ListCache(None, shelf, 100, CircuitBreaker(2, 60.0), counters)
        await other.put("key", b"value")
        cache = ListCache(MemoryCache(1_000, clock=lambda: now), shelf, 100, CircuitBreaker(2, 60.0), counters)
        found = [await cache.get("key") for _ in range(3)]
        assert {one.value for one in found} == {b"value"}
        assert shelf.asked == 1
        nonlocal_now(101.0)
        shelf.kept.clear()
        return [one.outcome for one in (*found, await cache.get("key"))]

    def nonlocal_now(seconds: float) -> None:
        nonlocal now
        now = seconds

    assert asyncio.run(scenario()) == ["hit", "hit", "hit", "miss"]
    assert sample(counters, "shortlist_cache_hits_total", backend="memory") == 2
    assert sample(counters, "shortlist_cache_hits_total", backend="redis") == 1


def test_lists_made_together_do_not_end_together() -> None:
    """Times to live are spread over the last tenth, and none is longer than asked for."""
    shelf = Shelf()

    async def fill() -> None:
        cache = ListCache(None, shelf, 1_000, CircuitBreaker(2, 60.0), ServiceCounters())
        for number in range(200):
            await cache.put(str(number), b"value")

    asyncio.run(fill())
    seconds = [seconds for _, seconds in shelf.kept.values()]
    assert 900 <= min(seconds) < max(seconds) <= 1_000
    assert len(set(seconds)) > 30


def test_an_unreachable_store_is_a_bypass_that_is_counted_and_then_left_alone() -> None:
    """Failures are counted; after enough of them the breaker opens and further look-ups are skipped."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    counters = ServiceCounters()

    async def look() -> list[Lookup]:
        store = RedisCache(f"redis://127.0.0.1:{port}/0", 0.05, 4)
        cache = ListCache(None, store, 60, CircuitBreaker(2, 60.0), counters)
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
        RedisCache(url, 0.01, 4)


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
