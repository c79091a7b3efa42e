"""Files that are imported day by day give the home, the report and the rejects that reading them whole gives."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from data import large_csv, large_files
from data.events import Reading
from data.importing import import_tables, read_files
from data.large_csv import opened_large
from data.large_files import LargeEvents, large_events
from data.large_import import import_large, validate_large
from data.report import ImportReport
from data.settings import DataConfig
from data.store import read_events
from pipelines.cli import group
from shortlist.errors import DataError, DataRefused
from shortlist.home import Home
from shortlist.progress import SilentReporter

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CONFIG = DataConfig(excluded_users=("käufer 3",), excluded_categories=("Petrol",))
SAYS = SilentReporter()


def events(seed: int) -> pd.DataFrame:
    """A month of rows: good ones, every kind of bad one, repeated ones, cancels, ids that come again on another day."""
    draw = np.random.default_rng(seed)
    n = 3_000
    rows = pd.DataFrame(
        {
            "user_id": [f"käufer {one}" for one in draw.integers(100, size=n)],
            "item_id": [f"item-{one}" for one in draw.integers(40, size=n)],
            "timestamp": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(draw.integers(0, 5_000, n) * 530, "s"),
            "event_type": draw.choice(["view", "purchase", "cancel", "dance"], size=n, p=[0.4, 0.49, 0.1, 0.01]),
            "price": np.where(draw.random(n) < 0.3, np.nan, draw.integers(1, 9, size=n) / 4),
            "quantity": draw.integers(0, 4, size=n).astype("float64"),
            "event_id": [f"{seed}-{row}" if row % 3 else None for row in range(n)],
            "note": "x",
        }
    )
    rows.loc[rows.index[:20], "timestamp"] = pd.NaT
    rows.loc[rows.index[20:40], "user_id"] = None
    rows.loc[rows.index[300:302], "user_id"] = ["007", "7"]
    rows.loc[rows.index[40:50], "timestamp"] = pd.Timestamp("2031-01-01", tz="UTC")
    again = rows.iloc[200:250]
    later = again.assign(timestamp=again["timestamp"] + pd.Timedelta(days=3))  # of the same ids, where they have one
    return pd.concat([rows, rows.iloc[100:200], later], ignore_index=True)


ITEMS = pd.DataFrame({"item_id": [f"item-{one}" for one in range(30)], "category": ["Food", "Petrol", "Tea"] * 10})


def write_csv(rows: pd.DataFrame, path: Path) -> None:
    rows.assign(timestamp=rows["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(path, index=False)


@pytest.fixture(params=["parquet", "csv"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Two files of events and one of items."""
    (tmp_path / "events").mkdir()
    for seed in (1, 2):
        if request.param == "csv":
            write_csv(events(seed), tmp_path / f"events/part-{seed}.csv")
        else:
            events(seed).to_parquet(tmp_path / f"events/part-{seed}.parquet")
    ITEMS.to_parquet(tmp_path / "items.parquet")
    return tmp_path


@pytest.fixture(autouse=True)
def some_days_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_files, "LARGE_ROWS", 1)
    monkeypatch.setattr(large_csv, "LARGE_BYTES", 1)
    monkeypatch.setattr(large_csv, "BLOCK_BYTES", 10_000)
    grouped = LargeEvents.groups
    monkeypatch.setattr(LargeEvents, "groups", lambda self, folder: grouped(self, folder, 400))


def by_parts(folder: Path, home: Home, *, check_only: bool = False, config: DataConfig = CONFIG) -> ImportReport:
    others = read_files([], [folder / "items.parquet"], [], SAYS)
    given = Reading()
    work: Any = validate_large if check_only else import_large
    with opened_large([folder / "events"], given, None, folder, SAYS) as large:
        report: ImportReport = work(home, large, others, given, config, now=NOW, reporter=SAYS)
    return report


def whole(folder: Path, home: Home) -> ImportReport:
    sources = read_files([folder / "events"], [folder / "items.parquet"], [], SAYS)
    return import_tables(home, sources, Reading(), CONFIG, now=NOW)


def told(report: ImportReport) -> dict[str, Any]:
    """What both ways must say alike."""
    facts = report.to_json()
    names = ("import_id", "warnings", "formats", "examples")
    return {name: value for name, value in facts.items() if name not in names}


def rejects_of(home: Home) -> pd.DataFrame:
    (path,) = home.rejects.glob("*.parquet")
    rows = pq.ParquetFile(path).read().to_pandas()
    rows["timestamp"] = pd.to_datetime(rows["timestamp"], utc=True)  # the same moments, however they are written
    return rows.sort_values(["table", "file", "row"], ignore_index=True)[sorted(rows.columns)]


def test_home_report_and_rejects_are_the_same(folder: Path, tmp_path: Path) -> None:
    one, other = Home(tmp_path / "whole"), Home(tmp_path / "parts")
    expected, found = whole(folder, one), by_parts(folder, other)
    assert told(found) == told(expected)
    assert [one for one in found.warnings if "spelt" in one] == [one for one in expected.warnings if "spelt" in one]
    assert any("2 user ids are spelt in two ways, such as 007 and 7" in one for one in found.warnings)
    assert set(found.to_json()["quarantined_by_reason"]) >= {"BAD_TIMESTAMP", "DUPLICATE", "EXCLUDED_CATEGORY"}
    pd.testing.assert_frame_equal(read_events(other), read_events(one))
    rows, wanted = rejects_of(other), rejects_of(one)
    repeated = rows["reason"] == "DUPLICATE"
    pd.testing.assert_frame_equal(rows[~repeated], wanted[wanted["reason"] != "DUPLICATE"])
    assert repeated.sum() == (wanted["reason"] == "DUPLICATE").sum()


def test_a_second_import_brings_nothing(folder: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first = by_parts(folder, home)
    again = by_parts(folder, home)
    assert (again.import_id, again.already_imported) == (None, True)
    assert again.events is not None
    assert first.events is not None
    assert again.events.accepted == 0
    assert again.events.quarantined_by_reason["DUPLICATE"] > first.events.accepted
    assert len(list(home.imports.iterdir())) == 1


def test_what_is_checked_only_changes_nothing(folder: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    report = by_parts(folder, home, check_only=True)
    assert not home.root.exists()
    assert told(report) == told(by_parts(folder, home))


def test_too_many_bad_rows_leave_nothing(folder: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    strict = CONFIG.model_copy(update={"max_bad_share": 0.001})
    with pytest.raises(DataRefused, match="nothing was imported"):
        by_parts(folder, home, config=strict)
    assert not home.events.exists()
    assert not list(home.staging.glob("*/*"))


@pytest.mark.parametrize("folder", ["parquet"], indirect=True)
@pytest.mark.parametrize("spoil", ["csv", "text times", "nested", "few"])
def test_what_must_be_looked_at_whole_is(folder: Path, spoil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a value is guessed from the others of its column, or the file is small."""
    rows, path = events(3), folder / "events/part-2.parquet"
    if spoil == "csv":
        rows.to_csv(folder / "events/more.csv", index=False)
    elif spoil == "text times":
        rows.assign(timestamp=rows["timestamp"].astype("str")).to_parquet(path)
    elif spoil == "nested":
        rows.assign(note=[[1]] * len(rows)).to_parquet(path)
    else:
        monkeypatch.setattr(large_files, "LARGE_ROWS", 10**6)
    assert large_events([folder / "events"], Reading()) is None


PLAIN = "user_id,item_id,timestamp,event_type,price\n"
LINE = "u1,i1,2026-01-05T10:00:00Z,view,1.5\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + LINE + 'u1,"i 2",2026-01-05T10:00:00Z,view,1.5\n',
        PLAIN + LINE + "u1,i2,05.01.2026 10:00,view,1.5\n",
        PLAIN + LINE + "u1,i2,2026-01-05,view,1.5\n",
        PLAIN + LINE + "u1,i2,2026-02-30T10:00:00Z,view,1.5\n",
        PLAIN + LINE + "u1,i2,2026-01-05T10:00:00Z,view,1.245,00\n",
        PLAIN + LINE + "u1,i2,2026-01-05T10:00:00Z,view,1'245\n",
        PLAIN + LINE + "\n" + LINE,
        PLAIN + LINE + LINE.replace("\n", "\r\n"),
        "sep=,\n" + PLAIN + LINE,
        PLAIN.replace("price", "") + LINE,
        PLAIN + LINE.replace("i1", "\udcff"),
    ],
)
def test_csv_that_can_be_read_in_two_ways_is_read_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with opened_large([path], Reading(), None, tmp_path, SAYS) as large:
        assert large is None
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("is_zipped", [False, True])
def test_plain_csv_is_read_as_it_is(tmp_path: Path, end: str, *, is_zipped: bool) -> None:
    """Whatever ends its lines, with or without an end of the last one, an order mark, or compression."""
    text = PLAIN + LINE + "007,,2026-01-06 10:00,view,\n" + LINE.rstrip("\n")
    content = b"\xef\xbb\xbf" + text.replace("\n", end).encode()
    path = tmp_path / ("events.csv.gz" if is_zipped else "events.csv")
    path.write_bytes(gzip.compress(content) if is_zipped else content)
    with opened_large([path], Reading(timezone="Europe/Berlin"), None, tmp_path, SAYS) as large:
        assert large is not None
        (group,) = large.groups(tmp_path)
    assert group.row_numbers.tolist() == [1, 3, 2]
    assert group.rows["user_id"].tolist() == ["u1", "u1", "007"]
    assert group.rows["timestamp"].dt.hour.tolist() == [10, 10, 9]
    assert group.rows.isna().sum().sum() == 2
    assert group.files is not None
    assert group.files.unique().tolist() == [str(path)]


@pytest.mark.parametrize("folder", ["parquet"], indirect=True)
def test_a_missing_column_is_named(folder: Path) -> None:
    for path in (folder / "events").iterdir():
        events(1).drop(columns="item_id").to_parquet(path)
    with pytest.raises(DataError, match="item_id"):
        large_events([folder / "events"], Reading())


@pytest.mark.parametrize("folder", ["parquet"], indirect=True)
def test_the_command_takes_the_same_options(folder: Path, tmp_path: Path) -> None:
    """Whoever imports does not choose the way: size does."""
    renamed = folder / "renamed"
    renamed.mkdir()
    for path in (folder / "events").iterdir():
        pd.read_parquet(path).rename(columns={"user_id": "Kunde"}).to_parquet(renamed / path.name)
    home = tmp_path / "home"
    command = ["--events", str(renamed), "--items", str(folder / "items.parquet"), "--map", "user_id=Kunde"]
    checked = CliRunner().invoke(group, ["validate", *command, "--home", str(home), "--json"])
    assert (checked.exit_code, home.exists()) == (0, False)
    done = CliRunner().invoke(group, ["import", *command, "--home", str(home), "--json"])
    assert done.exit_code == 0
    found, said = json.loads(done.stdout), json.loads(checked.stdout)
    assert found.pop("import_id") is not None
    assert said.pop("import_id") is None
    assert found == said
    assert found["rows_read"] == 6_300
    wrong = CliRunner().invoke(group, ["import", *command[:-1], "user_id=Nobody", "--home", str(home)])
    assert (wrong.exit_code, "user_id" in wrong.stderr) == (3, True)
