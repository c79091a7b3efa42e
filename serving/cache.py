"""Finished lists kept for a while. Whatever happens to the cache, a request is answered, at full quality."""

import logging
import random
import struct
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final, Literal, NamedTuple, Protocol

import orjson
from cachetools import TLRUCache

from monitoring.counters import ServiceCounters
from monitoring.logs import SERVICE_LOGGER
from serving.breaker import CircuitBreaker
from shortlist.errors import StoreUnavailable

MAGIC: Final = b"SL2"
CHECKSUM_BYTES: Final = 8
KEY_DIGEST_BYTES: Final = 16
MAX_JITTER: Final = 0.1
_END: Final = struct.Struct(">d")

Outcome = Literal["hit", "miss", "bypass"]


class StoreRefused(StoreUnavailable):
    """The store answers, but not with what it was asked for: it is full, or something else lies under the key."""

    code = "STORE_REFUSED"


class StoreBusy(StoreUnavailable):
    """The store was not asked, because too many questions to it are under way."""

    code = "STORE_BUSY"


class Store(Protocol):
    """Where bytes lie under a key until their time is over, for all processes."""

    name: str

    async def get(self, key: str) -> bytes | None:
        """The bytes under a key, None without any. Raises ``StoreUnavailable``, or ``StoreRefused`` if it answers."""

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep bytes under a key for so long. Raises as `get` does."""

    async def ping(self) -> None:
        """Return when the store answers. Raises as `get` does."""

    async def close(self) -> None:
        """Let go of connections."""


class MemoryCache:
    """Least-recently-used bytes in this process's memory, bounded in bytes; each entry has an end.

    Parameters
    ----------
    max_bytes : int
        Of keys and values together.
    clock : callable
        Seconds that only rise.
    """

    name: Final = "memory"

    def __init__(self, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: TLRUCache[str, _Entry] = TLRUCache(max_bytes, _end, clock, _entry_bytes)

    def get(self, key: str) -> bytes | None:
        """The bytes under a key."""
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep bytes under a key for so long; raises ``StoreRefused`` for more than the whole cache holds."""
        try:
            self._entries[key] = _Entry(key, value, seconds)
        except ValueError as error:
            raise StoreRefused(f"{len(value)} bytes are more than cache_memory_bytes. Raise it.") from error

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()


class _Entry(NamedTuple):
    key: str
    value: bytes
    seconds: float


def _end(_key: str, entry: _Entry, now: float) -> float:
    return now + entry.seconds


def _entry_bytes(entry: _Entry) -> int:
    return len(entry.key) + len(entry.value)


@dataclass(frozen=True, slots=True)
class Lookup:
    """What came of looking: a hit with its bytes, a miss, or a bypass when the cache could not be asked."""

    outcome: Outcome
    value: bytes = b""


class ListCache:
    """Lists in this process's memory, and behind it in a store that all processes share. It never fails.

    Faults of the store are counted, and after several in a row it is left alone for a while. What it holds is sealed
    with a checksum over key and content, so that what another program wrote, a half-written value, or one under a wrong
    key is a miss, and is replaced. Lists live up to a tenth less than they may, so that those made together do not all
    end together.

    Parameters
    ----------
    memory : MemoryCache or None
    store : Store or None
    ttl_seconds : int
        How long a list may live at most, wherever it is found.
    """

    def __init__(
        self,
        memory: MemoryCache | None,
        store: Store | None,
        ttl_seconds: int,
        breaker: CircuitBreaker,
        counters: ServiceCounters,
    ) -> None:
        self._memory, self._store, self._breaker = memory, store, breaker
        self._ttl_seconds = ttl_seconds
        self._memory_hits = counters.cache_hits.labels(MemoryCache.name)
        self._hits = counters.cache_hits.labels(self.name)
        self._misses = counters.cache_misses.labels(self.name)
        self._skipped = counters.cache_skipped.labels(self.name)
        self._errors = {kind: counters.cache_errors.labels(self.name, kind) for kind in _ERROR_KINDS}
        self._open = counters.breaker_open.labels(self.name)
        self._trips = counters.breaker_trips.labels(self.name)
        self._open.set(0)

    @property
    def name(self) -> str:
        """Where lists lie in the end."""
        return MemoryCache.name if self._store is None else self._store.name

    @property
    def is_open(self) -> bool:
        """Whether the store is being left alone."""
        return self._breaker.is_open

    async def get(self, key: str) -> Lookup:
        """Look for the list under a key."""
        if (value := self._remembered(key)) is not None:
            return Lookup("hit", value)
        if self._store is None:
            return self._miss()
        found = await self._ask(self._store, key)
        if found.outcome != "hit" and (value := self._remembered(key)) is not None:  # made meanwhile, for the same key
            return Lookup("hit", value)
        return found

    async def put(self, key: str, value: bytes) -> None:
        """Keep the list under a key, wherever there is room."""
        seconds = self._lifetime()
        self._remember(key, value, seconds)
        if self._store is None:
            return
        if not self._breaker.allows():
            self._skipped.inc()
            return
        try:
            await self._store.put(key, seal(key, value, time.time() + seconds), seconds)
        except StoreRefused:
            self._answered(error="refused")
        except StoreUnavailable as error:
            self._failed(error)
        else:
            self._answered()

    def remember(self, key: str, value: bytes) -> None:
        """Keep the list in memory alone, where the store could not be asked."""
        self._remember(key, value, self._lifetime())

    async def answers(self) -> bool:
        """Whether the store answers now; not asked while it is being left alone."""
        if self._store is None:
            return True
        if self._breaker.is_open:
            return False
        try:
            await self._store.ping()
        except StoreUnavailable:
            return False
        return True

    async def close(self) -> None:
        """Let go of memory and connections."""
        if self._memory is not None:
            self._memory.clear()
        if self._store is not None:
            await self._store.close()

    async def _ask(self, store: Store, key: str) -> Lookup:
        """Look in the store, and remember what is there."""
        if not self._breaker.allows():
            self._skipped.inc()
            return Lookup("bypass")
        try:
            sealed = await store.get(key)
        except StoreRefused:
            self._answered(error="refused")
            return self._miss()
        except StoreUnavailable as error:
            self._failed(error)
            return Lookup("bypass")
        found = None if sealed is None else unseal(key, sealed)
        self._answered(error="corrupt" if found is None and sealed is not None else None)
        if found is None:
            return self._miss()
        value, end = found
        self._hits.inc()
        self._remember(key, value, min(end - time.time(), self._ttl_seconds))
        return Lookup("hit", value)

    def _lifetime(self) -> int:
        """Seconds."""
        return max(1, round(self._ttl_seconds * (1 - MAX_JITTER * random.random())))  # noqa: S311

    def _remembered(self, key: str) -> bytes | None:
        value = None if self._memory is None else self._memory.get(key)
        if value is not None:
            self._memory_hits.inc()
        return value

    def _remember(self, key: str, value: bytes, seconds: float) -> None:
        if self._memory is None or seconds <= 0:
            return
        try:
            self._memory.put(key, value, seconds)
        except StoreRefused:
            self._errors["refused"].inc()

    def _miss(self) -> Lookup:
        self._misses.inc()
        return Lookup("miss")

    def _answered(self, *, error: str | None = None) -> None:
        if self._breaker.is_open:
            _log(logging.INFO, "the cache is used again", self.name)
        self._breaker.succeed()
        self._open.set(0)
        if error is not None:
            self._errors[error].inc()

    def _failed(self, error: StoreUnavailable) -> None:
        if isinstance(error, StoreBusy):  # our own congestion, not the store's fault
            self._errors["busy"].inc()
            return
        was_open, was_well = self._breaker.is_open, self._breaker.is_well
        self._breaker.fail()
        self._open.set(int(self._breaker.is_open))
        self._errors["unreachable"].inc()
        if was_well:
            _log(logging.WARNING, "the cache does not answer, lists are made without it", self.name, str(error))
        if self._breaker.is_open and not was_open:
            self._trips.inc()
            _log(logging.ERROR, "the cache is left alone after failures in a row", self.name, str(error))


def _log(level: int, message: str, backend: str, why: str | None = None) -> None:
    """One line when the state changes, not one for each request."""
    fields = {"backend": backend} | ({} if why is None else {"why": why})
    logging.getLogger(SERVICE_LOGGER).log(level, message, extra={"fields": fields})


_ERROR_KINDS: Final = ("unreachable", "refused", "corrupt", "busy")


def seal(key: str, value: bytes, end: float) -> bytes:
    """A value and when its time is over (seconds since 1970), with a mark and a checksum in front."""
    content = _END.pack(end) + value
    return MAGIC + _checksum(key, content) + content


def unseal(key: str, sealed: bytes) -> tuple[bytes, float] | None:
    """The value that was sealed under this key, and its end; None for anything else."""
    head = len(MAGIC) + CHECKSUM_BYTES
    content = sealed[head:]
    if len(content) < _END.size or sealed[:head] != MAGIC + _checksum(key, content):
        return None
    return content[_END.size :], _END.unpack_from(content)[0]


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
