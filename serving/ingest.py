"""Events on their way into the journal. Requests that wait together are checked and synced to disk in one step."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from data.log.journal import Journal, Kept
from data.reasons import Reason
from data.settings import DataConfig
from data.single_events import check_events
from monitoring.counters import ServiceCounters
from monitoring.logs import SERVICE_LOGGER
from serving.errors import TooManyEvents
from serving.overlay import Overlay
from shortlist.errors import StoreUnavailable

MOST_WAITING: Final = 20_000
"""Events; beyond them requests are turned away, so that nobody waits for long."""

MOST_TOGETHER: Final = 5_000

LOOK_SECONDS: Final = 0.25

Outcome = Literal["accepted", "duplicate", "withheld"] | Reason


@dataclass(frozen=True, slots=True)
class _Waiting:
    records: Sequence[object]
    outcomes: asyncio.Future[list[Outcome]]


class Ingest:
    """Takes events for one process.

    Parameters
    ----------
    open_journal : callable
        Opens the journal when the first event comes.
    overlay : Overlay
        Is told of every event in the journal, this process's at once, others' at the next `catch_up`.
    consents : bool
        Whether events that say nothing of consent may be kept.
    now : callable
        The moment of events that bring none, with a time zone.
    """

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        config: DataConfig,
        counters: ServiceCounters,
        overlay: Overlay,
        *,
        consents: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_journal, self._config, self._counters = open_journal, config, counters
        self._overlay, self._consents, self._now = overlay, consents, now
        self._position = 0
        self._journal: Journal | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._waiting: list[_Waiting] = []
        self._n_waiting = 0
        self._writing: asyncio.Task[None] | None = None

    async def take(self, records: Sequence[object]) -> list[Outcome]:
        """Check records and keep the good ones; returns when they are safe, with what became of each.

        Raises
        ------
        TooManyEvents
            When too many wait already.
        StoreUnavailable
            When the journal cannot be written; none of them is kept then.
        """
        if self._n_waiting + len(records) > MOST_WAITING:
            raise TooManyEvents(f"{self._n_waiting:,} events wait to be kept. Send these again in a second.")
        waiting = _Waiting(records, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._n_waiting += len(records)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await waiting.outcomes

    async def catch_up(self) -> None:
        """Tell the overlay of the events that this process has not seen yet.

        Raises
        ------
        StoreUnavailable
            When the journal cannot be read.
        """
        loop, n_read = asyncio.get_running_loop(), MOST_TOGETHER
        while n_read == MOST_TOGETHER:
            kept = await loop.run_in_executor(self._thread, self._unseen)
            self._tell(kept)
            n_read = len(kept)

    async def close(self) -> None:
        """Keep what waits, and let go of the journal."""
        if self._writing is not None:
            await self._writing
        self._thread.shutdown()
        if self._journal is not None:
            self._journal.close()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken = self._take_some()
            records = [record for one in taken for record in one.records]
            try:
                outcomes = await loop.run_in_executor(self._thread, self._keep, records)
                with contextlib.suppress(StoreUnavailable):  # they are safe; `follow` says what is wrong
                    await self.catch_up()
            except Exception as error:
                _fail(taken, error)
            else:
                self._count(outcomes)
                _share(taken, outcomes)
            self._n_waiting -= len(records)

    def _take_some(self) -> list[_Waiting]:
        """The requests that came first, about `MOST_TOGETHER` events of them."""
        n_events = n_requests = 0
        while n_requests < len(self._waiting) and n_events < MOST_TOGETHER:
            n_events += len(self._waiting[n_requests].records)
            n_requests += 1
        taken, self._waiting = self._waiting[:n_requests], self._waiting[n_requests:]
        return taken

    def _unseen(self) -> list[Kept]:
        """In the journal's own thread."""
        return self._opened().read_after(self._position, MOST_TOGETHER)

    def _tell(self, kept: Sequence[Kept]) -> None:
        new = [one for one in kept if one.position > self._position]  # two may have read the same
        if new:
            self._overlay.add(new)
            self._position = new[-1].position

    def _opened(self) -> Journal:
        if self._journal is None:
            self._journal = self._open_journal()
        return self._journal

    def _keep(self, records: Sequence[object]) -> list[Outcome]:
        """In the journal's own thread."""
        journal = self._opened()
        checked = check_events(records, self._config, self._now(), consents=self._consents)
        are_new = journal.append(list(checked.entries.values()))
        found: dict[int, Outcome] = dict.fromkeys(checked.withheld, "withheld")
        found |= checked.refused
        found |= {
            place: "accepted" if new else "duplicate" for place, new in zip(checked.entries, are_new, strict=True)
        }
        return [found[place] for place in range(len(records))]

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self._counters.events.labels("refused" if isinstance(outcome, Reason) else outcome).inc()


def _share(taken: Sequence[_Waiting], outcomes: list[Outcome]) -> None:
    """Give each request its part."""
    start = 0
    for one in taken:
        end = start + len(one.records)
        if not one.outcomes.done():  # its client may have gone
            one.outcomes.set_result(outcomes[start:end])
        start = end


def _fail(taken: Sequence[_Waiting], error: Exception) -> None:
    for one in taken:
        if not one.outcomes.done():
            one.outcomes.set_exception(error)


async def follow(path: Path, catch_up: Callable[[], Awaitable[None]]) -> None:
    """Look every `LOOK_SECONDS` for what other processes have put into a file, once there is one."""
    was_well = True
    while True:
        if path.exists():
            try:
                await catch_up()
                was_well = True
            except StoreUnavailable as error:
                if was_well:
                    fields = {"why": str(error)}
                    logging.getLogger(SERVICE_LOGGER).warning(f"{path.name} is not read", extra={"fields": fields})
                was_well = False
        await asyncio.sleep(LOOK_SECONDS)
