"""Finished lists kept for a while. Whatever happens to the cache, a request is answered, at full quality."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final, Literal, Protocol

import orjson
from cachetools import TTLCache

from monitoring.counters import ServiceCounters
from serving.breaker import CircuitBreaker
from shortlist.errors import StoreUnavailable

MAGIC: Final = b"SL1"
CHECKSUM_BYTES: Final = 8
KEY_DIGEST_BYTES: Final = 16

Outcome = Literal["hit", "miss", "bypass"]


class StoreRefused(StoreUnavailable):
    """The store answers, but not with what it was asked for: it is full, or something else lies under the key."""

    code = "STORE_REFUSED"


class StoreBusy(StoreUnavailable):
    """The store was not asked, because too many questions to it are under way."""

    code = "STORE_BUSY"


class CacheBackend(Protocol):
    """Where bytes lie under a key until their time is over."""

    name: str

    async def get(self, key: str) -> bytes | None:
        """The bytes under a key, None without any. Raises ``StoreUnavailable``, or ``StoreRefused`` if it answers."""

    async def put(self, key: str, value: bytes) -> None:
        """Keep bytes under a key. Raises as `get` does."""

    async def ping(self) -> None:
        """Return when the store answers. Raises as `get` does."""

    async def close(self) -> None:
        """Let go of connections and memory."""


class MemoryCache:
    """Least-recently-used bytes in this process's memory, bounded in bytes and in seconds.

    Parameters
    ----------
    max_bytes : int
        Of keys and values together.
    ttl_seconds : float
    clock : callable
        Seconds that only rise.
    """

    name = "memory"

    def __init__(self, max_bytes: int, ttl_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: TTLCache[str, tuple[str, bytes]] = TTLCache(max_bytes, ttl_seconds, clock, _entry_bytes)

    async def get(self, key: str) -> bytes | None:
        """The bytes under a key."""
        entry = self._entries.get(key)
        return None if entry is None else entry[1]

    async def put(self, key: str, value: bytes) -> None:
        """Keep bytes under a key; raises ``StoreRefused`` for more than the whole cache holds."""
        try:
            self._entries[key] = (key, value)
        except ValueError as error:
            raise StoreRefused(f"{len(value)} bytes are more than cache_memory_bytes. Raise it.") from error

    async def ping(self) -> None:
        """Memory always answers."""

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()


def _entry_bytes(entry: tuple[str, bytes]) -> int:
    return len(entry[0]) + len(entry[1])


@dataclass(frozen=True, slots=True)
class Lookup:
    """What came of looking: a hit with its bytes, a miss, or a bypass when the cache could not be asked."""

    outcome: Outcome
    value: bytes = b""


class ListCache:
    """A backend that never fails: faults are counted, and after several in a row it is left alone for a while.

    Values are sealed with a checksum over key and content, so that what another program wrote, a half-written value, or
    one under a wrong key is a miss, and is replaced.
    """

    def __init__(self, backend: CacheBackend, breaker: CircuitBreaker, counters: ServiceCounters) -> None:
        self._backend = backend
        self._breaker = breaker
        name = backend.name
        self._hits = counters.cache_hits.labels(name)
        self._misses = counters.cache_misses.labels(name)
        self._skipped = counters.cache_skipped.labels(name)
        self._errors = {kind: counters.cache_errors.labels(name, kind) for kind in _ERROR_KINDS}
        self._open = counters.breaker_open.labels(name)
        self._open.set(0)

    @property
    def name(self) -> str:
        """The backend's name."""
        return self._backend.name

    @property
    def is_open(self) -> bool:
        """Whether the backend is being left alone."""
        return self._breaker.is_open

    async def get(self, key: str) -> Lookup:
        """Look for the list under a key."""
        if not self._breaker.allows():
            self._skipped.inc()
            return Lookup("bypass")
        try:
            sealed = await self._backend.get(key)
        except StoreRefused:
            self._answered(error="refused")
            return self._miss()
        except StoreUnavailable as error:
            self._failed(error)
            return Lookup("bypass")
        value = None if sealed is None else unseal(key, sealed)
        self._answered(error="corrupt" if value is None and sealed is not None else None)
        if value is None:
            return self._miss()
        self._hits.inc()
        return Lookup("hit", value)

    async def put(self, key: str, value: bytes) -> None:
        """Keep the list under a key, if the backend will."""
        if not self._breaker.allows():
            self._skipped.inc()
            return
        try:
            await self._backend.put(key, seal(key, value))
        except StoreRefused:
            self._answered(error="refused")
        except StoreUnavailable as error:
            self._failed(error)
        else:
            self._answered()

    async def answers(self) -> bool:
        """Whether the backend answers now; not asked while it is being left alone."""
        if self._breaker.is_open:
            return False
        try:
            await self._backend.ping()
        except StoreUnavailable:
            return False
        return True

    async def close(self) -> None:
        """Let go of the backend."""
        await self._backend.close()

    def _miss(self) -> Lookup:
        self._misses.inc()
        return Lookup("miss")

    def _answered(self, *, error: str | None = None) -> None:
        self._breaker.succeed()
        self._open.set(0)
        if error is not None:
            self._errors[error].inc()

    def _failed(self, error: StoreUnavailable) -> None:
        if isinstance(error, StoreBusy):  # our own congestion, not the store's fault
            self._errors["busy"].inc()
            return
        self._breaker.fail()
        self._open.set(int(self._breaker.is_open))
        self._errors["unreachable"].inc()


_ERROR_KINDS: Final = ("unreachable", "refused", "corrupt", "busy")


def seal(key: str, value: bytes) -> bytes:
    """A value with a mark and a checksum in front."""
    return MAGIC + _checksum(key, value) + value


def unseal(key: str, sealed: bytes) -> bytes | None:
    """The value that was sealed under this key, None for anything else."""
    head = len(MAGIC) + CHECKSUM_BYTES
    value = sealed[head:]
    return value if sealed[:head] == MAGIC + _checksum(key, value) else None


def cache_key(version: str, variant: str, experiments_hash: str, user_id: str, wanted: Hashable) -> str:
    """The key of one list: everything that its content depends on, and no user id in clear.

    Parameters
    ----------
    wanted
        JSON-like, in canonical order.
    """
    return f"shortlist|{version}|{variant}|{experiments_hash}|{_digest(user_id.encode())}|{_digest_of(wanted)}"


@lru_cache(maxsize=4096)
def _digest_of(wanted: Hashable) -> str:
    return _digest(orjson.dumps(wanted))


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=KEY_DIGEST_BYTES).hexdigest()


def _checksum(key: str, value: bytes) -> bytes:
    return blake2b(value, digest_size=CHECKSUM_BYTES, key=blake2b(key.encode(), digest_size=64).digest()).digest()
