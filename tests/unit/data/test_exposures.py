"""Served lists in files."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from data.log import exposures
from data.log.exposures import (
    AT_ONCE,
    Exposure,
    compact_exposures,
    delete_exposures_before,
    erase_exposures,
    exposure_days,
    read_exposures,
    write_exposures,
)
from shortlist.home import Home

START = datetime(2026, 5, 1, 23, 58, tzinfo=UTC)
LATER = START + timedelta(days=9)


def exposure(number: int, user: str | None = "a") -> Exposure:
    """One list, a minute after the one before; the third is of the next day."""
    shown_at = START + timedelta(minutes=number)
    scores = [0.5, 0.25]
    return Exposure(
        f"r{number}", shown_at, user, "v", "control", [], "home", "personalized", None, 1, ["x", "y"], scores
    )


def ids(home: Home, since: datetime = START, until: datetime = LATER) -> list[str]:
    """The lists of a span."""
    return read_exposures(home, since, until)["recommendation_id"].tolist()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two days with five lists, in three files."""
    home = Home(tmp_path)
    write_exposures(home, [exposure(1), exposure(0), exposure(2, "b")])
    write_exposures(home, [exposure(3, None), exposure(4)])
    return home


def test_many_are_written_a_few_at_a_time(tmp_path: Path) -> None:
    """Others have their turn between a few lists and the next; there is still one file a day."""
    home, pauses = Home(tmp_path), list[None]()
    n = 2 * AT_ONCE + 1
    assert write_exposures(home, (exposure(number % 3) for number in range(n)), lambda: pauses.append(None)) == n
    assert len(pauses) == 3
    assert len(list(home.exposures.rglob("*.parquet"))) == len(exposure_days(home))
    assert sum(pq.ParquetFile(path).metadata.num_rows for path in home.exposures.rglob("*.parquet")) == n


def test_what_is_written_is_read_by_time(home: Home) -> None:
    """With everything that was noted; the end of a span is not in it."""
    assert ids(home) == ["r0", "r1", "r2", "r3", "r4"]
    assert ids(home, START + timedelta(minutes=1), START + timedelta(minutes=3)) == ["r1", "r2"]
    first = read_exposures(home, START, LATER).iloc[0]
    assert first["item_ids"].tolist() == ["x", "y"]
    assert first["scores"].tolist() == [0.5, 0.25]
    assert (first["user"], first["first_rank"]) == ("a", 1)
    assert pd.isna(first["degraded"])
    assert ids(Home(home.root / "none")) == []


def test_days_that_are_over_have_one_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a crash that left both; today's stay as they are."""
    compact_exposures(home, date(2026, 5, 2))
    assert len(list(home.exposures.glob("date=2026-05-01/*"))) == 1
    assert len(list(home.exposures.glob("date=2026-05-02/*"))) == 2

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(exposures.Path, "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            compact_exposures(home, date(2026, 5, 3))
    assert ids(home) == ["r0", "r1", "r2", "r3", "r4"]
    compact_exposures(home, date(2026, 5, 3))
    assert len(list(home.exposures.glob("*/*"))) == 2
    assert ids(home) == ["r0", "r1", "r2", "r3", "r4"]


def test_users_are_erased_and_counted(home: Home) -> None:
    """Everybody else's lists stay, and those that are nobody's."""
    assert erase_exposures(home, ["a", "c"]) == {"a": 3}
    assert ids(home) == ["r2", "r3"]


def test_old_days_go(home: Home) -> None:
    """Whole days; a try deletes nothing."""
    assert delete_exposures_before(home, date(2026, 5, 2), is_tried=True) == 1
    assert len(ids(home)) == 5
    assert delete_exposures_before(home, date(2026, 5, 2)) == 1
    assert ids(home) == ["r2", "r3", "r4"]


def test_files_of_before_a_column_are_read_and_compacted_with_later_ones(home: Home) -> None:
    """What they do not say is missing."""
    path = next(home.exposures.glob("*/*.parquet"))
    pq.write_table(pq.ParquetFile(path).read().drop_columns("milliseconds"), path)
    write_exposures(home, [exposure(5)._replace(milliseconds=2.5)])
    compact_exposures(home, LATER.date())
    assert read_exposures(home, START, LATER)["milliseconds"].max() == 2.5
    assert len(ids(home)) == 6
