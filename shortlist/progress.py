"""Progress for people: bars on a terminal, plain lines anywhere else. Results never come this way."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Item = TypeVar("Item")
PLAIN_LINE_EVERY_SECONDS = 10.0


def one(_: object) -> int:
    """What an item counts for unless it is weighed."""
    return 1


class Reporter(Protocol):
    """Where a long piece of work says what it is doing."""

    def step(self, message: str) -> None:
        """Say that a step begins or what it found."""

    def track(
        self, items: Iterable[Item], total: int, description: str, weigh: Callable[[Item], int] = one
    ) -> Iterator[Item]:
        """Pass `items` on, showing how many of `total` have gone through; an item may count for many."""


class SilentReporter:
    """Says nothing: for tests and for callers who want none."""

    def step(self, message: str) -> None:
        """Say nothing."""

    def track(
        self, items: Iterable[Item], total: int, description: str, weigh: Callable[[Item], int] = one
    ) -> Iterator[Item]:
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

    def track(
        self, items: Iterable[Item], total: int, description: str, weigh: Callable[[Item], int] = one
    ) -> Iterator[Item]:
        """Show a bar on a terminal, or a line every ten seconds, each with how long it will take yet."""
        shown = self._bar if self.console.is_terminal else self._lines
        yield from shown(items, total, description, weigh)

    def _bar(self, items: Iterable[Item], total: int, description: str, weigh: Callable[[Item], int]) -> Iterator[Item]:
        columns = (
            TextColumn("           {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(description, total=total)
            for item in items:
                yield item
                progress.advance(task, weigh(item))

    def _lines(
        self, items: Iterable[Item], total: int, description: str, weigh: Callable[[Item], int]
    ) -> Iterator[Item]:
        begun = last = time.monotonic()
        done = first = 0
        for item in items:
            yield item
            done, now = done + weigh(item), time.monotonic()
            if not first:  # what came before it is no measure of the others
                begun, first = now, done
            if now - last >= PLAIN_LINE_EVERY_SECONDS:
                last = now
                self.step(f"{description}: {done:,} of {total:,}{_left(now - begun, done - first, total - done)}")


def _left(seconds: float, done: int, to_do: int) -> str:
    """How long the rest takes, where anything tells: ``, about 5 min left``."""
    if not done:
        return ""
    left = seconds / done * max(to_do, 0)
    return f", about {left / 60:.0f} min left" if left >= 90 else f", about {left:.0f} s left"
