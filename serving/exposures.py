"""Lists that were served, on their way into files: noted in a request, written in a thread of their own."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from threading import Event
from typing import Final, NamedTuple
from uuid import uuid4

import orjson

from data.log.exposures import FAILED, Exposure, write_exposures
from data.log.register import Register
from data.people import People, pseudonym
from monitoring.counters import ServiceCounters
from monitoring.logs import SERVICE_LOGGER
from serving.service import Plan
from shortlist.errors import StoreUnavailable
from shortlist.home import Home

WRITE_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 0.02
"""Between a few lists and the next: requests wait for what is written without one, 200 ms for 6,000 lists."""

MOST_WAITING: Final = 50_000
"""Lists; beyond them the newest are not noted, and counted."""

_WHOLE: Final = float(2**32)


class _Noted(NamedTuple):
    plan: Plan
    recommendation_id: str
    shown_at: datetime
    tail: bytes
    milliseconds: float


_NO_LIST: Final = orjson.dumps({"source": FAILED, "degraded": None, "items": []})[1:]


class ExposureLog:
    """The exposures of one process.

    Parameters
    ----------
    share : float
        Of the users whose lists are kept, drawn by pseudonym: of a user all lists or none. Nobody's lists are kept
        where all are.
    people : People
        Who is forgotten: nothing is kept of lists from before.
    """

    def __init__(self, home: Home, share: float, counters: ServiceCounters, people: People) -> None:
        self._home, self._share, self._counters, self._people = home, share, counters, people
        self._waiting: list[_Noted] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="exposures")
        self._secret, self._is_ending = b"", Event()

    def note_failure(self, plan: Plan, seconds: float) -> None:
        """Note that a user gets an error instead of a list."""
        self.note(plan, uuid4().hex, _NO_LIST, seconds)

    def note(self, plan: Plan, recommendation_id: str, tail: bytes, seconds: float) -> None:
        """Note a list that is being served and took so long, unless its user does not consent."""
        if not plan.consents or self._share <= 0:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._counters.exposures.labels("dropped").inc()
            return
        self._waiting.append(_Noted(plan, recommendation_id, datetime.now(UTC), tail, 1_000 * seconds))

    async def run(self) -> None:
        """Write every `WRITE_SECONDS`, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what waits; what cannot be written is dropped, counted and said."""
        noted, self._waiting = self._waiting, []
        if not noted:
            return
        try:
            n_kept = await asyncio.get_running_loop().run_in_executor(self._thread, self._keep, noted)
            self._counters.exposures.labels("kept").inc(n_kept)
        except (OSError, StoreUnavailable) as error:
            self._counters.exposures.labels("dropped").inc(len(noted))
            fields = {"why": str(error), "lists": len(noted)}
            logging.getLogger(SERVICE_LOGGER).warning("served lists were not noted", extra={"fields": fields})

    async def close(self) -> None:
        """Write what waits, and stop."""
        self._is_ending.set()
        await self.write()
        self._thread.shutdown()

    def _keep(self, noted: list[_Noted]) -> int:
        """In the log's own thread."""
        if not self._secret:
            with closing(Register(self._home.register)) as register:
                self._secret = register.secret()
        kept = (self._exposure(one, user) for one in noted if self._may_keep(one, user := self._user(one.plan)))
        return write_exposures(self._home, kept, lambda: self._is_ending.wait(PAUSE_SECONDS))

    def _user(self, plan: Plan) -> str | None:
        return pseudonym(self._secret, plan.query.user_id) if plan.kind == "user" else None

    def _may_keep(self, one: _Noted, user: str | None) -> bool:
        is_forgotten = user is not None and self._people.moments.get(user, 0.0) >= one.shown_at.timestamp()
        return self._is_drawn(user) and not is_forgotten

    def _is_drawn(self, user: str | None) -> bool:
        return self._share >= 1 or (user is not None and int(user[:8], 16) / _WHOLE < self._share)

    @staticmethod
    def _exposure(one: _Noted, user: str | None) -> Exposure:
        plan, found = one.plan, orjson.loads(b"{" + one.tail)
        return Exposure(
            recommendation_id=one.recommendation_id,
            shown_at=one.shown_at,
            user=user,
            version=plan.recommender.version,
            variant=plan.variant,
            assignments=list(plan.assignments),
            scenario=plan.query.scenario,
            source=found["source"],
            degraded=found["degraded"],
            first_rank=plan.query.offset + 1,
            item_ids=[item["item_id"] for item in found["items"]],
            scores=[item["score"] for item in found["items"]],
            milliseconds=one.milliseconds,
        )
