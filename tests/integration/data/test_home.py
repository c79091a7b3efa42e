"""A home is checked as strictly as a bundle: what is missing, foreign or damaged is named."""

import shutil

import orjson
import pytest

from data.catalog import read_items
from data.inventory import read_inventory
from data.store import read_events
from shortlist.errors import DataError

HEADER = "user_id,item_id,timestamp,event_type\n"


@pytest.fixture
def filled(home, bring_in, write):
    """A home with three days of events and a catalogue."""
    rows = "".join(f"u{day},a,2024-05-0{day},view\n" for day in (1, 2, 3))
    bring_in(write("a.csv", HEADER + rows), items=[write("items.csv", "item_id,title\na,Tea\n")])
    return home


def day(home, date):
    """The one file of a day."""
    (file,) = (home.events / f"date={date}").iterdir()
    return file


def test_every_stored_file_is_listed(filled, bring_in, write):
    """The list holds events and catalogue, of this import and the ones before."""
    bring_in(write("b.csv", HEADER + "u9,a,2024-05-02,view\n"))
    stored = {str(path.relative_to(filled.root)) for path in filled.root.rglob("*.parquet")}
    assert set(read_inventory(filled).files) == stored
    assert len(stored) == 5


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda home: shutil.rmtree(home.events / "date=2024-05-02"), "date=2024-05-02.*is missing"),
        (lambda home: (home.events / "backup").mkdir(), r"backup: is no day of events"),
        (lambda home: (home.events / "date=2024-06-31").mkdir(), r"date=2024-06-31: is no day of events"),
        (lambda home: (home.events / "date=2024-05-02" / "notes.txt").touch(), r"notes.txt: is no plain Parquet file"),
        (
            lambda home: shutil.copy(day(home, "2024-05-01"), home.events / "date=2024-05-02" / "copy.parquet"),
            r"copy.parquet: no import of this home wrote it",
        ),
        (lambda home: day(home, "2024-05-02").write_bytes(b""), r"0 bytes, not the [\d,]+ that were imported"),
        (lambda home: flip(day(home, "2024-05-02")), "its content is not what was imported"),
        (lambda home: (home.stored_files).write_text("{}"), "not a list of stored files"),
        (lambda home: (home.stored_files).write_text('{"files": {"../x.parquet": {}}}'), "not a list of stored files"),
    ],
)
def test_events_that_are_not_as_imported_are_named(filled, spoil, message):
    """Reading says which file, and what to do."""
    spoil(filled)
    with pytest.raises(DataError, match=message):
        read_events(filled)


def flip(path):
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda home: home.items.unlink(), "items.parquet: is missing"),
        (lambda home: flip(home.items), "its content is not what was imported"),
    ],
)
def test_a_catalogue_that_is_not_as_imported_is_named(filled, spoil, message):
    """A catalogue that went is no empty one."""
    spoil(filled)
    with pytest.raises(DataError, match=message):
        read_items(filled)


def test_an_import_refuses_a_damaged_home_and_changes_nothing(filled, bring_in, write, tree):
    """Nothing is written over a home of which a day is missing."""
    shutil.rmtree(filled.events / "date=2024-05-02")
    before = tree(filled.root)
    with pytest.raises(DataError, match="is missing"):
        bring_in(write("b.csv", HEADER + "u9,a,2024-05-02,view\n"))
    assert tree(filled.root) == before


def test_files_of_the_system_are_passed_over(filled):
    """A hidden file that a file manager left is no damage."""
    (filled.events / ".DS_Store").touch()
    (filled.events / "date=2024-05-01" / ".directory").touch()
    assert len(read_events(filled)) == 3


def test_a_home_of_the_first_release_is_taken_as_it_is(filled, bring_in, write):
    """Without a list nothing is compared; the next import lists what is there."""
    (filled.stored_files).unlink()
    assert len(read_events(filled)) == 3
    bring_in(write("b.csv", HEADER + "u9,a,2024-05-04,view\n"))
    assert len(read_inventory(filled).files) == 5
    assert len(read_events(filled)) == 4


@pytest.mark.parametrize(
    "record",
    [
        b"not json",
        b"[]",
        orjson.dumps({"staged": "x"}),
        orjson.dumps({"staged": "x", "targets": ["../outside.json"]}),
        orjson.dumps({"staged": "x", "targets": ["/etc/passwd"]}),
        orjson.dumps({"staged": "../..", "targets": ["imports/a.json"]}),
        orjson.dumps({"staged": "x", "targets": ["CURRENT"]}),
    ],
)
def test_a_redo_record_that_no_import_wrote_moves_nothing(filled, record, tree):
    """A change is finished only as an import would have made it; anything else is refused and touches no file."""
    staged = filled.staging / "x" / "imports"
    staged.mkdir(parents=True)
    (staged / "a.json").write_text("{}")
    (filled.redo).write_bytes(record)
    before = tree(filled.root.parent)
    with pytest.raises(DataError, match=r"redo.json: is not the record of a change.*backup"):
        read_events(filled)
    assert tree(filled.root.parent) == before
