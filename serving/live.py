"""What came in since the bundle was trained, as one process knows it: events, and what the shop has changed."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from data.forgetting import Receipt, begin_forgetting
from data.log.register import Register
from data.log.sqlite_journal import SqliteJournal
from data.merging import merge_users
from monitoring.counters import ServiceCounters
from monitoring.logs import SERVICE_LOGGER
from serving.ingest import Ingest, follow
from serving.overlay import Overlay
from serving.register import LiveRegister
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.errors import StoreUnavailable


class Live:
    """The journal and the register of a home, and what is laid over each bundle that serves from it.

    Attributes
    ----------
    ingest : Ingest
        Takes events.
    register : LiveRegister
        Takes changes.
    """

    def __init__(self, settings: ServiceSettings, counters: ServiceCounters) -> None:
        self._home, self._overlay = settings.home, Overlay()
        self.register = LiveRegister(lambda: Register(settings.home.register))
        self.register.on_forgotten = self._overlay.drop
        shift = timedelta(seconds=settings.clock_shift_seconds)
        self.ingest = Ingest(
            lambda: SqliteJournal(settings.home.journal),
            settings.data,
            counters,
            self._overlay,
            consents=settings.config.consent_default,
            now=lambda: datetime.now(UTC) + shift,
        )

    def over(self, service: Service) -> Service:
        """The bundles of a service with everything laid over them that is known now."""
        live = service.live(self._overlay, self.register.people)
        return live.changed(self.register.items, self.register.revision)

    async def start(self) -> list[asyncio.Task[None]]:
        """Read what the shop has changed, so that the first list knows it; then follow it, until cancelled."""
        if self._home.register.exists():
            try:
                await self.register.catch_up()
            except StoreUnavailable as error:
                fields = {"why": str(error)}
                logging.getLogger(SERVICE_LOGGER).error("lists know no changes of items", extra={"fields": fields})  # noqa: TRY400
        files = {self._home.journal: self.ingest.catch_up, self._home.register: self.register.catch_up}
        return [asyncio.create_task(follow(path, catch_up)) for path, catch_up in files.items()]

    async def forget(self, user_id: str) -> Receipt:
        """Forget a user in what answers requests and in the journal. Raises ``StoreUnavailable``."""
        receipt = await asyncio.to_thread(begin_forgetting, self._home, user_id, datetime.now(UTC))
        await self.register.catch_up()
        return receipt

    async def merge(self, target: str, source: str) -> None:
        """Let two ids be one user. Raises ``DataError`` and ``StoreUnavailable`` as `merge_users` does."""
        await asyncio.to_thread(merge_users, self._home, target, source)
        await self.register.catch_up()

    async def close(self) -> None:
        """Keep the events that wait, and let go of the files."""
        await self.ingest.close()
        self.register.close()
