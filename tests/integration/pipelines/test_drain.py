"""From the journal into the event store, each event once."""

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from data.catalog import read_items
from data.log.register import Register
from data.log.sqlite_journal import SqliteJournal
from data.settings import DataConfig
from data.single_events import check_events
from data.single_items import check_items
from data.store import read_events
from pipelines.cli import group
from pipelines.draining import Drained, drain
from pipelines.retraining import retrain
from pipelines.training import train
from shortlist.home import Home
from shortlist.progress import SilentReporter
from shortlist.registry import Registry

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def event(number: int, **changes: object) -> dict[str, object]:
    """One good event."""
    made = {"user_id": "user-001", "item_id": f"item-{number:03}", "event_type": "purchase", "price": 2.5}
    return made | {"timestamp": f"2026-05-21T10:{number:02}:00Z"} | changes


def append(home: Home, *records: dict[str, object]) -> None:
    """Put events into the journal, as the service does."""
    journal = SqliteJournal(home.journal)
    journal.append(list(check_events(records, DataConfig(), NOW, consents=True).entries.values()))
    journal.close()


def n_waiting(home: Home) -> int:
    """How many events are in the journal."""
    journal = SqliteJournal(home.journal)
    found = len(journal.read_after(0, 1_000))
    journal.close()
    return found


@pytest.fixture
def home(small_home: Home, tmp_path: Path) -> Home:
    """A home of this test's own."""
    return Home(Path(shutil.copytree(small_home.root, tmp_path / "home")))


def test_events_are_stored_as_a_file_s_are(home: Home) -> None:
    """With all that they say, and nothing comes twice; in the journal they stay until a bundle knows of them."""
    before = len(read_events(home))
    append(home, event(1, event_id="e1"), event(2, session_id="s", quantity=3), event(3, event_type="view"))
    assert drain(home, DataConfig(), SilentReporter()) == Drained(3, 0)
    stored = read_events(home)
    assert len(stored) == before + 3
    found = stored[stored["timestamp"] >= "2026-05-21"].to_dict("records")
    assert [(one["item_id"], one["event_type"], one["price"]) for one in found] == [
        ("item-001", "purchase", 2.5),
        ("item-002", "purchase", 2.5),
        ("item-003", "view", 2.5),
    ]
    assert (found[0]["event_id"], found[1]["session_id"], found[1]["quantity"]) == ("e1", "s", 3.0)
    assert n_waiting(home) == 3
    assert drain(home, DataConfig(), SilentReporter()) == Drained()
    append(home, event(1, event_id="e1"), event(2, session_id="s", quantity=3), event(4, event_id="e4"))
    assert drain(home, DataConfig(), SilentReporter()) == Drained(1, 0)
    assert len(read_events(home)) == before + 4


def test_what_the_serving_bundle_knows_leaves_the_journal(home: Home, tiny_config) -> None:
    """Up to the first that it does not know; sent once more it is known in the store."""
    before = len(read_events(home))
    append(home, event(1), event(2, event_id="e2"))
    drain(home, DataConfig(), SilentReporter())
    Registry(home).publish(train(home, tiny_config, SilentReporter()).version)
    append(home, event(3), event(1, item_id="item-050"))
    assert drain(home, DataConfig(), SilentReporter()) == Drained(2, 0)
    assert n_waiting(home) == 2
    append(home, event(2, event_id="e2"))
    assert drain(home, DataConfig(), SilentReporter()) == Drained(0, 1)
    assert len(read_events(home)) == before + 4


def test_a_crash_after_storing_doubles_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The events are known the next time."""
    before = len(read_events(home))
    append(home, event(1), event(2, event_id="e2"))

    def crash(journal: SqliteJournal, position: int) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(SqliteJournal, "note_stored", crash)
        with pytest.raises(KeyboardInterrupt):
            drain(home, DataConfig(), SilentReporter())
    assert n_waiting(home) == 2
    assert len(read_events(home)) == before + 2
    assert drain(home, DataConfig(), SilentReporter()) == Drained(0, 2)
    assert len(read_events(home)) == before + 2


def test_the_command_says_how_many(home: Home) -> None:
    """As text and as JSON; without a journal there is nothing to do, and none is made."""
    assert not home.journal.exists()
    empty = CliRunner().invoke(group, ["drain", "--home", str(home.root), "--json"])
    assert json.loads(empty.stdout) == {"n_stored": 0, "n_set_aside": 0, "n_items": 0}
    assert not home.journal.exists()
    append(home, event(1))
    done = CliRunner().invoke(group, ["drain", "--home", str(home.root)])
    assert done.stdout.startswith("Stored 1 events of the journal; 0 were known or excluded.")


def test_a_retraining_takes_them_along(home: Home, tiny_config) -> None:
    """What the service has taken counts in the next model."""
    before = len(read_events(home))
    append(home, event(1), event(2))
    retrain(home, tiny_config, SilentReporter(), is_forced=True)
    assert (len(read_events(home)), n_waiting(home)) == (before + 2, 2)
    assert drain(home, DataConfig(), SilentReporter()) == Drained()
    assert n_waiting(home) == 0


def put_items(home: Home, *records: dict[str, object]) -> None:
    """Put states of items into the register, as the service does."""
    with closing(Register(home.register)) as register:
        register.put("item", check_items(records, DataConfig()).items)


def item(home: Home, item_id: str) -> dict[str, object]:
    """An item as the catalogue has it."""
    rows = read_items(home)
    (row,) = rows[rows["item_id"] == item_id].to_dict("records")
    return {name: value for name, value in row.items() if not pd.isna(value)}


def state(home: Home, item_id: str) -> dict[str, object]:
    """What the register says of an item."""
    with closing(Register(home.register)) as register:
        return next((fact.content for fact in register.read_after(0) if fact.key == item_id), {})


def test_items_go_into_the_catalogue(home: Home) -> None:
    """With what was given alone; a new item is in stock, and a second time there is nothing to do."""
    before = item(home, "item-001")
    put_items(home, {"item_id": "item-001", "price": 7.5}, {"item_id": "item-002", "availability": "discontinued"})
    put_items(home, {"item_id": "novelty", "title": "New", "created_at": "2026-05-01"})
    assert drain(home, DataConfig(), SilentReporter()).n_items == 3
    assert item(home, "item-001") == before | {"price": 7.5}
    assert (item(home, "item-002")["discontinued"], item(home, "novelty")["availability"]) == (True, True)
    assert item(home, "novelty")["created_at"] == datetime(2026, 5, 1, tzinfo=UTC)
    assert drain(home, DataConfig(), SilentReporter()).n_items == 0


def test_the_newest_word_on_an_item_counts(home: Home, tmp_path: Path) -> None:
    """A file that comes later counts before the register, for the items and the values that it names."""
    put_items(home, {"item_id": "item-001", "price": 7.5}, {"item_id": "item-002", "price": 8.5})
    file = tmp_path / "items.csv"
    file.write_text("item_id,price,availability\nitem-001,3.25,discontinued\n")
    assert CliRunner().invoke(group, ["import", "--items", str(file), "--home", str(home.root)]).exit_code == 0
    assert (state(home, "item-001")["price"], state(home, "item-001")["availability"]) == (3.25, "discontinued")
    assert state(home, "item-002") == {"price": 8.5}
    put_items(home, {"item_id": "item-001", "availability": "in stock"})
    drain(home, DataConfig(), SilentReporter())
    assert (item(home, "item-001")["price"], item(home, "item-001")["discontinued"]) == (3.25, False)
    assert item(home, "item-002")["price"] == 8.5
