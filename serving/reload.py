"""Keeping a running application on what is published: look every second, load beside, swap in one step."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from monitoring.counters import ServiceCounters
from monitoring.logs import SERVICE_LOGGER
from serving.fellows import tell
from serving.service import Published, Service, load_service, published
from serving.settings import ServiceSettings
from serving.state import ReloadFailure, Running
from shortlist.errors import ShortlistError

RETRY_SECONDS: Final = 30.0
"""What could not be loaded is tried again after so long, or at once when something else is published."""


class Reloader:
    """Looks whether another version or another file of experiments is to serve, and puts it in place when it is loaded.

    A request holds what it began with, so that no answer mixes two versions. What cannot be loaded leaves the old one
    serving, and shows in health, metrics and log.

    Parameters
    ----------
    swap : callable
        Puts a `Running` in place of the one before.
    over : callable
        Lays over a service what came in since its bundles were trained.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        counters: ServiceCounters,
        running: Running,
        swap: Callable[[Running], None],
        over: Callable[[Service], Service],
    ) -> None:
        self._settings, self._counters, self._swap, self._over = settings, counters, swap, over
        self._running = running
        self._seen = running.service.published
        self._retry_at = 0.0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self._settings.config.reload_seconds)
            await self.look()

    async def look(self) -> None:
        """Load what is published, if it is not what was looked at last."""
        wanted = await asyncio.to_thread(published, self._settings)
        is_failing = self._running.failure is not None
        if wanted == self._seen and not (is_failing and time.monotonic() >= self._retry_at):
            return
        self._seen = wanted
        if wanted == self._running.service.published:  # back to what serves
            self._put(replace(self._running, failure=None))
            return
        await self._load(wanted)

    async def _load(self, wanted: Published) -> None:
        start = time.perf_counter()
        try:
            service = await asyncio.to_thread(load_service, self._settings)
        except Exception as error:
            self._fail(wanted, error)
            return
        self._put(replace(self._running, service=service, failure=None))
        tell(self._settings, service)
        seconds = round(time.perf_counter() - start, 2)
        self._log(logging.INFO, "another bundle serves", version=service.current.version, seconds=seconds)

    def _put(self, running: Running) -> None:
        service = self._over(running.service)
        running = replace(running, service=service)
        self._running = running
        self._counters.show_models(service.current.version, service.others, service.scorer)
        self._counters.reload_failing.set(int(running.failure is not None))
        self._swap(running)

    def _fail(self, wanted: Published, error: Exception) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
        detail = str(error) if isinstance(error, ShortlistError) else f"{type(error).__name__}: {error}"
        self._put(replace(self._running, failure=ReloadFailure(wanted.version, detail)))
        self._counters.reload_failures.inc()
        self._log(logging.ERROR, "a bundle was not loaded, the one before goes on", version=wanted.version, why=detail)

    @staticmethod
    def _log(level: int, message: str, **fields: object) -> None:
        logging.getLogger(SERVICE_LOGGER).log(level, message, extra={"fields": fields})
