"""Telling the demonstration's home from a shop's: neither takes the other's data."""

import orjson

from shortlist.atomic import replace_file
from shortlist.errors import DataError
from shortlist.home import Home

MARKER = "demo.json"


def is_demo(home: Home) -> bool:
    """Whether a home holds the demonstration's data."""
    return (home.root / MARKER).exists()


def clock_shift(home: Home, end: int) -> float:
    """Seconds from now to the log's time, in which a demonstration's log goes on where it ends (seconds); 0 elsewhere.

    The log is years old: an event of today would lie so far behind it that all the rest had faded.
    """
    return end - (home.root / MARKER).stat().st_mtime if is_demo(home) else 0.0


def refuse_demo(home: Home) -> None:
    """Raise ``DataError`` for a home that holds the demonstration's data."""
    if is_demo(home):
        raise DataError(
            f"{home.root}: holds the demonstration's data. Name another folder for your own with --home, or delete it."
        )


def mark(home: Home, facts: dict[str, str]) -> None:
    """Note what the demonstration has done."""
    replace_file(home.root / MARKER, orjson.dumps(facts))
