"""What an import brings into a home: each event once, all of it or nothing, and in what order it is read back."""

import fcntl
from datetime import UTC, datetime

import orjson
import pandas as pd
import pyarrow.parquet as pq
import pytest
from event_files import EVENTS, HEADER

from data.log.fingerprint import _fingerprint_by_time, events_fingerprint, is_fingerprint_of
from data.settings import DataConfig
from data.store import read_events
from shortlist.columns import EVENT_DTYPES
from shortlist.errors import DataError, DataRefused, StoreUnavailable


def test_first_import_reads_back(home, bring_in, write):
    """What was accepted is read back in canonical columns and dtypes, and counted."""
    report = bring_in(write("events.csv", EVENTS))
    events = read_events(home)
    assert {column: str(dtype) for column, dtype in events.dtypes.items()} == EVENT_DTYPES
    assert events["user_id"].tolist() == ["u1", "u2"]
    assert (report.events.rows_read, report.events.accepted, report.events.quarantined) == (3, 2, 1)
    assert (report.n_users, report.n_items, report.event_types) == (2, 2, {"purchase": 1, "view": 1})
    assert report.first_timestamp == "2024-05-01T10:00:00+00:00"
    assert sorted(path.parent.name for path in home.events.rglob("*.parquet")) == ["date=2024-05-01", "date=2024-05-02"]


def test_rejects_keep_the_raw_row(home, bring_in, write):
    """A row set aside is kept as text with its reason, its number and its file."""
    path = write("events.csv", EVENTS + "u1,a,soon,purchase,x,4\nonly,three,fields\n")
    report = bring_in(path, config=DataConfig(max_bad_share=0.6))
    rejects = pd.read_parquet(home.rejects / f"{report.import_id}.parquet").set_index("reason")
    assert rejects["row"].to_dict() == {"MISSING_USER_ID": 3, "BAD_TIMESTAMP": 4, "MALFORMED_ROW": 5}
    assert rejects.loc["BAD_TIMESTAMP", ["timestamp", "price", "file"]].tolist() == ["soon", "x", str(path)]
    assert rejects.loc["MALFORMED_ROW", "malformed_row"] == "only,three,fields"
    assert orjson.loads((home.imports / f"{report.import_id}.json").read_bytes())["accepted"] == 2


def test_importing_twice_changes_nothing(home, bring_in, write, tree):
    """The same file again, also of catalogue and users, leaves every file as it is and says so."""
    events = write("events.csv", EVENTS)
    items, users = write("items.csv", "item_id,title\na,Tea\n"), write("users.csv", "user_id,age\nu1,40\n")
    bring_in(events, items=[items], users=[users])
    before = tree(home.root)
    report = bring_in(events, items=[items], users=[users])
    assert report.already_imported
    assert report.import_id is None
    assert tree(home.root) == before


def test_overlap_brings_only_what_is_new(home, bring_in, write):
    """Of an overlapping export the new rows are taken, and the result is the same as of one import."""
    bring_in(write("a.csv", EVENTS))
    report = bring_in(write("b.csv", EVENTS + "u3,c,2024-05-02T11:00:00Z,view,,\n"))
    assert report.events.quarantined_by_reason == {"MISSING_USER_ID": 1, "DUPLICATE": 2}
    assert report.events.accepted == 1
    assert read_events(home)["user_id"].tolist() == ["u1", "u2", "u3"]


def test_event_ids_decide(home, bring_in, write):
    """Rows of one event id are one event, whatever else differs; equal rows of different ids are two."""
    header = "event_id,user_id,item_id,timestamp,event_type\n"
    bring_in(write("a.csv", header + "1,u,a,2024-05-01T10:00:00Z,view\n2,u,a,2024-05-01T10:00:00Z,view\n"))
    report = bring_in(write("b.csv", header + "1,u,a,2024-05-09T10:00:00Z,view\n3,u,a,2024-05-01T10:00:00Z,view\n"))
    assert report.events.quarantined_by_reason == {"DUPLICATE": 1}
    assert read_events(home)["event_id"].tolist() == ["1", "2", "3"]


@pytest.mark.parametrize("is_there", [True, False])
def test_refusal_leaves_the_home_untouched(home, bring_in, write, tree, is_there):
    """A file of mostly bad rows is refused, and not a byte of the home changes, nor is one created."""
    if is_there:
        bring_in(write("good.csv", EVENTS))
    before = tree(home.root)
    with pytest.raises(DataRefused, match=r"2 of 3 rows .*BAD_TIMESTAMP 2"):
        bring_in(write("bad.csv", HEADER + "u,a,soon,view,,\nu,a,later,view,,\nu,a,2024-05-01,view,1,\n"))
    assert tree(home.root) == before
    assert home.root.exists() == is_there


def test_share_of_bad_rows_is_configuration(bring_in, write):
    """The configured share decides; a file without one good row is refused whatever it is."""
    two_thirds_bad = HEADER + "u,a,soon,view,,\nu,a,later,view,,\nu,a,2024-05-01,view,1,\n"
    assert bring_in(write("a.csv", two_thirds_bad), config=DataConfig(max_bad_share=0.7)).events.accepted == 1
    with pytest.raises(DataRefused, match="no row is good"):
        bring_in(write("b.csv", HEADER + ",a,2024-05-01,view,1,\n"), config=DataConfig(max_bad_share=1.0))


def test_cancels_reach_back_over_imports(home, bring_in, write, tree):
    """A cancel of a later import takes back what an earlier one brought, and no file of that one changes."""
    bring_in(write("a.csv", EVENTS))
    before = tree(home.events)
    report = bring_in(write("b.csv", HEADER + "u1,a,2024-05-03,refund,,-3\nu1,zzz,2024-05-03,refund,,-3\n"))
    assert (report.cancels_matched, report.cancels_unmatched, report.events.accepted) == (1, 1, 2)
    assert before.items() <= tree(home.events).items()
    events = read_events(home)
    assert events["quantity"].tolist()[0] == 1.0
    assert "cancel" not in set(events["event_type"])


def test_until_shows_nothing_later(home, bring_in, write):
    """Reading until a moment sees neither events nor cancels from it on."""
    bring_in(write("a.csv", EVENTS + "u1,a,2024-05-02T09:00:00Z,cancel,,4\n"))
    assert len(read_events(home)) == 1
    past = read_events(home, until=datetime(2024, 5, 2, 9, tzinfo=UTC), columns=["item_id", "quantity"])
    assert past.to_numpy().tolist() == [["a", 4.0]]
    with pytest.raises(DataError, match="no events before"):
        read_events(home, until=datetime(2024, 5, 1, 10, tzinfo=UTC))


def test_since_shows_nothing_earlier(home, bring_in, write):
    """The moment itself is in it; a moment without a zone is none."""
    bring_in(write("a.csv", EVENTS))
    whole = read_events(home)
    newest = whole["timestamp"].max().to_pydatetime()
    late = read_events(home, since=newest)
    assert late["timestamp"].tolist() == whole["timestamp"][whole["timestamp"] >= newest].tolist()
    assert read_events(home, since=newest, until=newest, may_be_none=True).empty
    with pytest.raises(ValueError, match="time zone"):
        read_events(home, since=newest.replace(tzinfo=None))


def test_no_events_names_the_remedy(home):
    """An empty home is answered with the commands that fill it."""
    with pytest.raises(DataError, match=r"shortlist import .*shortlist demo"):
        read_events(home)
    assert not home.root.exists()


def test_order_of_the_file_is_kept_within_a_moment(home, bring_in, write):
    """What a user did at one moment is read back in the order of the file, whatever the items' names."""
    rows = [f"u1,{item},2024-05-01,view,,\n" for item in ("c", "a", "b", "é", "0")]
    bring_in(write("a.csv", HEADER + "".join(rows)))
    assert read_events(home)["item_id"].tolist() == ["c", "a", "b", "é", "0"]
    assert "place" not in read_events(home)


def test_events_without_a_place_are_read(home, bring_in, write):
    """A file that release 0.1 stored, which kept no place, is read by item."""
    bring_in(write("a.csv", HEADER + "u1,c,2024-05-01,view,,\nu1,a,2024-05-01,view,,\n"))
    (stored,) = home.events.rglob("*.parquet")
    pq.write_table(pq.read_table(stored).drop_columns(["place"]), stored)
    home.stored_files.unlink()
    assert read_events(home)["item_id"].tolist() == ["a", "c"]


def test_fingerprint_is_of_content(home, bring_in, write, tmp_path):
    """Order of rows of several moments and number of imports leave the fingerprint; any changed value does not."""
    bring_in(write("a.csv", EVENTS))
    bring_in(write("b.csv", HEADER + "u3,c,2024-05-01T11:00:00Z,view,,\n"))
    events = read_events(home)
    mark = events_fingerprint(events)
    assert events_fingerprint(events.sample(frac=1.0, random_state=1)) == mark
    assert events_fingerprint(events.assign(quantity=events["quantity"].fillna(0.0))) != mark
    assert events_fingerprint(events.assign(user_id=["u", "1u3", "u2"])) != mark


def test_excluded_users(home, bring_in, write):
    """Events of a user who is no customer are set aside, counted, and break no contract."""
    report = bring_in(write("a.csv", EVENTS), config=DataConfig(excluded_users=("u1",)))
    assert report.events.quarantined_by_reason["EXCLUDED_USER"] == 1
    assert "u1" not in set(read_events(home)["user_id"])


def test_one_importer_at_a_time(home, bring_in, write, tree):
    """While another process holds the lock an import says so and changes nothing."""
    bring_in(write("a.csv", EVENTS))
    before = tree(home.root)
    with home.import_lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreUnavailable, match="another import is running"):
            bring_in(write("b.csv", HEADER + "u9,a,2024-05-01,view,,\n"))
        assert tree(home.root) == before
        assert len(read_events(home)) == 2


def test_fingerprints_of_before_are_known(home, bring_in, write):
    """A bundle of the first releases names its events by another hash, which still tells them from others."""
    bring_in(write("a.csv", EVENTS))
    events = read_events(home)
    of_release = _fingerprint_by_time(events)
    assert of_release != events_fingerprint(events)
    assert is_fingerprint_of(of_release, events)
    assert is_fingerprint_of(events_fingerprint(events), events)
    assert not is_fingerprint_of(of_release, events.iloc[1:])
