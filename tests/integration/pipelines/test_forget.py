"""A user who is forgotten is nowhere any more."""

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from live_service import clear_live

from data import forgetting
from data.forgetting import begin_forgetting, finish_forgetting
from data.log.register import Register
from data.log.sqlite_journal import SqliteJournal
from data.mentions import mentions_in_rows, without_mentions
from data.searching import find_mentions
from data.settings import DataConfig
from data.single_events import check_events
from data.store import read_events
from pipelines.cli import group
from pipelines.draining import drain
from pipelines.training import train
from ranking.bundling import load_recommender
from shortlist.home import Home
from shortlist.progress import SilentReporter
from shortlist.registry import Registry

NOW = datetime.now(UTC)
USER = "user-001"


@pytest.fixture
def home(small_home: Home, tmp_path: Path) -> Home:
    """A home of this test's own, which knows the user in every way there is."""
    home = Home(Path(shutil.copytree(small_home.root, tmp_path / "home")))
    clear_live(home)
    events, users = tmp_path / "events.csv", tmp_path / "users.csv"
    rows = [f"{USER},item-001,2026-05-21T10:00:00Z,purchase,1", f"{USER},item-001,soon,purchase,1"]
    rows += [f"user-002,item-00{n},2026-05-21T10:0{n}:00Z,purchase,1" for n in range(1, 9)]
    events.write_text("\n".join(["user_id,item_id,timestamp,event_type,quantity", *rows]) + "\n")
    users.write_text(f"user_id,town\n{USER},Bern\nuser-002,Basel\n")
    command = ["import", "--events", str(events), "--users", str(users), "--max-bad-share", "0.5"]
    assert CliRunner().invoke(group, [*command, "--home", str(home.root)]).exit_code == 0
    append(home, USER, "user-002")
    return home


def append(home: Home, *users: str) -> None:
    """One event of each in the journal, of the day after the user was forgotten."""
    records = [
        {"user_id": user, "item_id": "item-003", "event_type": "purchase", "timestamp": "2026-05-21T12:00:00Z"}
        for user in users
    ]
    with closing(SqliteJournal(home.journal)) as journal:
        journal.append(list(check_events(records, DataConfig(), NOW, consents=True).entries.values()))


def places(home: Home, user: str = USER) -> set[str]:
    """Where a user is named, without what is hidden."""
    return {one.place.split("/")[0] for one in find_mentions(home, user) if not one.is_hidden}


def test_everything_that_names_the_user_is_found(home: Home) -> None:
    """In each kind of file, before anything is forgotten."""
    found = {"events", "catalog", "rejects", "imports", "bundles"}
    assert found <= places(home)
    assert any(place.startswith("journal.db") for place in places(home))


def test_nothing_is_left_and_others_stay(home: Home) -> None:
    """Of the user nothing but a bundle whose history is not used; of everybody else everything."""
    before = read_events(home)
    others = before[before["user_id"] != USER]
    receipt = begin_forgetting(home, USER, datetime.now(UTC))
    assert (receipt.is_waiting, receipt.journal) == (True, 1)
    (done,) = finish_forgetting(home)
    assert (done.receipt, done.is_waiting) == (receipt.receipt, False)
    assert done.events == len(before) - len(others)
    assert (done.attributes, done.rejects, done.records) == (1, 1, 1)
    assert places(home) == set()
    assert [one.place.split("/")[0] for one in find_mentions(home, USER)] == ["bundles"]
    after = read_events(home)
    assert after.equals(others.reset_index(drop=True))
    assert {"events", "catalog"} <= places(home, "user-002")
    assert finish_forgetting(home) == []


def test_the_history_of_a_bundle_is_not_used(home: Home, tiny_config) -> None:
    """Neither for lists of one nor for lists of all; what the user does afterwards counts in the next bundle."""
    assert load_recommender(Registry(home).open("current")).history(USER).item_idx.size
    begin_forgetting(home, USER, datetime.now(UTC))
    recommender = load_recommender(Registry(home).open("current"))
    assert not recommender.history(USER).item_idx.size
    assert recommender.history("user-002").item_idx.size
    out = home.root / "lists.csv"
    command = ["recommend", "--users", "all", "--k", "1", "--out", str(out), "--home", str(home.root)]
    assert CliRunner().invoke(group, command).exit_code == 0
    assert USER not in out.read_text()
    manifest = train(home, tiny_config, SilentReporter())
    assert load_recommender(Registry(home).open(manifest.version)).table.users.find(USER) == -1
    assert places(home) == set()


def test_what_comes_later_is_a_new_user_s(home: Home, tmp_path: Path) -> None:
    """Events from before are set aside and counted, and no copy of them is kept; newer ones are taken."""
    begin_forgetting(home, USER, datetime(2026, 5, 22, tzinfo=UTC))
    finish_forgetting(home)
    file = tmp_path / "again.csv"
    rows = [f"{USER},item-001,2026-05-{day}T10:00:00Z,purchase" for day in (20, 21, 23)]
    file.write_text("\n".join(["user_id,item_id,timestamp,event_type", *rows]) + "\n")
    done = CliRunner().invoke(group, ["import", "--events", str(file), "--home", str(home.root), "--json"])
    report = json.loads(done.stdout)
    assert (report["accepted"], report["quarantined_by_reason"]) == (1, {"FORGOTTEN_USER": 2})
    assert report["examples"] == []
    stored = read_events(home)
    assert stored.loc[stored["user_id"] == USER, "timestamp"].dt.day.tolist() == [23]
    assert places(home) - {"bundles"} == {"events"}


def test_draining_brings_nothing_back(home: Home) -> None:
    """Events that were in the journal then are erased, and those that a drain had read are set aside."""
    begin_forgetting(home, USER, datetime.now(UTC))
    append(home, USER)
    drain(home, DataConfig(), SilentReporter())
    assert USER not in set(read_events(home)["user_id"])
    with closing(Register(home.register)) as register:
        assert register.waiting("forgotten") == []


@pytest.mark.parametrize("step", ["_rewrite", "_erase_in_journal", "Publication.publish"])
def test_a_crash_leaves_what_is_to_be_done(home: Home, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it interrupts, the next call does the rest."""
    begin_forgetting(home, USER, datetime.now(UTC))

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"data.forgetting.{step}", crash)
        with pytest.raises(KeyboardInterrupt):
            forgetting.finish_forgetting(home)
    assert finish_forgetting(home)
    assert places(home) == set()


def test_the_command(home: Home) -> None:
    """With a receipt; --verify changes nothing, and its exit code says whether anything is left."""
    options = ["--home", str(home.root)]
    found = CliRunner().invoke(group, ["forget", USER, "--verify", *options])
    assert found.exit_code == 1
    assert "events/date=2026-05-21" in found.output
    done = json.loads(CliRunner().invoke(group, ["forget", f" {USER} ", "--json", *options]).stdout)
    assert done["receipts"][0]["events"] > 1
    verified = CliRunner().invoke(group, ["forget", USER, "--verify", "--json", *options])
    assert (verified.exit_code, json.loads(verified.stdout)["is_forgotten"]) == (0, True)
    assert "Nobody waits" in CliRunner().invoke(group, ["forget", *options]).output
    assert CliRunner().invoke(group, ["forget", "--verify", *options]).exit_code == 2
    receipt = CliRunner().invoke(group, ["forget", "user-002", *options]).output
    assert receipt.startswith("Forgotten at ")
    assert "user-002" not in receipt


def test_an_id_within_another_is_not_a_mention() -> None:
    """Neither in a value nor in a text; a line that could not be read is searched."""
    table = pa.table({"user": ["17", "17.0", "117", "a 17", None], "line": [None, None, None, None, '"17",x']})
    assert mentions_in_rows(table, "17").tolist() == [True, True, False, False, True]
    record = json.dumps({"n": 17, "warnings": ["17 and 117, 1.17, 17.5"], "examples": [{"values": {"a": "17"}}]})
    after = json.loads(without_mentions(record.encode(), "17"))
    assert after == {"n": 17, "warnings": ["(forgotten) and 117, 1.17, 17.5"], "examples": [{"values": {}}]}
    assert without_mentions(b'{"a":  "117"}', "17") == b'{"a":  "117"}'


def test_a_day_that_held_only_the_user_is_gone(home: Home) -> None:
    """No empty file is left, and the home is whole."""
    before = len(list(home.events.glob("*/*.parquet")))
    for user in sorted(set(read_events(home)["user_id"]))[3:]:
        begin_forgetting(home, user, datetime.now(UTC))
    finish_forgetting(home)
    files = list(home.events.glob("*/*.parquet"))
    assert len(files) < before
    assert all(pq.ParquetFile(file).metadata.num_rows for file in files)
    assert len(set(read_events(home)["user_id"])) == 3
