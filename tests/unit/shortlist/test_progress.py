"""Progress as plain lines: how far, and how long yet."""

import pytest

from shortlist import progress
from shortlist.progress import ConsoleReporter


def test_lines_say_how_much_is_done_and_how_long_it_takes_yet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blocks count for what they hold; the time before the first block is no measure of the others."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])

    def blocks():
        now[0] = 1_000.0
        for n in (10, 10, 30):
            yield "x" * n
            now[0] += 20.0

    reporter = ConsoleReporter()
    assert [len(block) for block in reporter.track(blocks(), 100, "rows", len)] == [10, 10, 30]
    said = [line.partition("rows: ")[2] for line in capsys.readouterr().err.splitlines()]
    assert said == ["10 of 100", "20 of 100, about 3 min left", "50 of 100, about 50 s left"]
