"""Progress for people: bars on a terminal, plain lines anywhere else. Results never come this way."""

import time
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Item = TypeVar("Item")
PLAIN_LINE_EVERY_SECONDS = 10.0


class Reporter(Protocol):
    """Where a long piece of work says what it is doing."""

    def step(self, message: str) -> None:
        """Say that a step begins or what it found."""

    def track(self, items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
        """Pass `items` on, showing how many of `total` have gone through."""


class SilentReporter:
    """Says nothing: for tests and for callers who want none."""

    def step(self, message: str) -> None:
        """Say nothing."""

    def track(self, items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
        """Pass `items` on."""
        yield from items


class ConsoleReporter:
    """Speaks on standard error, so that standard output stays free for results."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self._start = time.monotonic()

    def step(self, message: str) -> None:
        """Print one line with the seconds since the start."""
        elapsed = time.monotonic() - self._start
        self.console.print(f"{elapsed:7.1f} s  {message}", markup=False, soft_wrap=True)

    def track(self, items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
        """Show a bar on a terminal, or a line every ten seconds."""
        if self.console.is_terminal:
            yield from self._bar(items, total, description)
        else:
            yield from self._lines(items, total, description)

    def _bar(self, items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
        columns = (
            TextColumn("           {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield from progress.track(items, total=total, description=description)

    def _lines(self, items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
        last = time.monotonic()
        for done, item in enumerate(items, start=1):
            yield item
            if time.monotonic() - last >= PLAIN_LINE_EVERY_SECONDS:
                last = time.monotonic()
                self.step(f"{description}: {done:,} of {total:,}")
