"""When a store is left alone, and when it is tried again."""

from serving.breaker import CircuitBreaker


class Clock:
    """Seconds that stand still until they are moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tripped(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(3, 5.0, clock)
    for _ in range(3):
        breaker.fail()
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    """Two failures of three leave it closed; the third opens it."""
    breaker = CircuitBreaker(3, 5.0, Clock())
    breaker.fail()
    breaker.fail()
    assert breaker.allows()
    breaker.fail()
    assert breaker.is_open
    assert not breaker.allows()


def test_a_success_begins_the_count_anew() -> None:
    """Failures with a success between them are not in a row."""
    breaker = CircuitBreaker(2, 5.0, Clock())
    breaker.fail()
    breaker.succeed()
    breaker.fail()
    assert not breaker.is_open


def test_one_request_probes_after_the_pause() -> None:
    """Once the pause is over exactly one request is let through."""
    clock = Clock()
    breaker = tripped(clock)
    clock.now = 4.9
    assert not breaker.allows()
    clock.now = 5.0
    assert [breaker.allows() for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_it() -> None:
    """After a good probe everything goes through again."""
    clock = Clock()
    breaker = tripped(clock)
    clock.now = 5.0
    assert breaker.allows()
    breaker.succeed()
    assert not breaker.is_open
    assert breaker.allows()


def test_a_probe_that_fails_costs_another_pause() -> None:
    """After a bad probe it stays open for a whole pause from then."""
    clock = Clock()
    breaker = tripped(clock)
    clock.now = 6.0
    assert breaker.allows()
    breaker.fail()
    clock.now = 10.9
    assert not breaker.allows()
    clock.now = 11.0
    assert breaker.allows()


def test_a_probe_that_never_reports_does_not_keep_it_open_for_ever() -> None:
    """When a probe is lost, the next pause brings another."""
    clock = Clock()
    breaker = tripped(clock)
    clock.now = 5.0
    assert breaker.allows()
    clock.now = 10.0
    assert breaker.allows()
