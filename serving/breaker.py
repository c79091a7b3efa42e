"""A circuit breaker: what failed several times in a row is left alone for a while, then tried with one request."""

import time
from collections.abc import Callable


class CircuitBreaker:
    """Decides whether a store that may be broken is worth asking. One event loop's; it takes no lock.

    Closed, it lets everything through. After `failures` failures in a row it opens for `pause_seconds`; then one
    request in each pause probes the store, and the first success closes it. A probe that never reports costs one more
    pause.
    Pattern: Nygard, "Release It!", 2nd ed., chapter 5.

    Parameters
    ----------
    failures : int
        Failures in a row that open it.
    pause_seconds : float
    clock : callable
        Seconds that only rise.
    """

    def __init__(self, failures: int, pause_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._failures = failures
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._in_a_row = 0
        self._probe_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the store counts as broken."""
        return self._in_a_row >= self._failures

    @property
    def is_well(self) -> bool:
        """Whether the store answered when it was last asked."""
        return self._in_a_row == 0

    def allows(self) -> bool:
        """Whether to ask the store now; whoever is let through reports `succeed` or `fail`."""
        if not self.is_open:
            return True
        now = self._clock()
        if now < self._probe_at:
            return False
        self._probe_at = now + self._pause_seconds
        return True

    def succeed(self) -> None:
        """Report that the store answered."""
        self._in_a_row = 0

    def fail(self) -> None:
        """Report that the store did not answer."""
        self._in_a_row += 1
        if self.is_open:
            self._probe_at = self._clock() + self._pause_seconds
