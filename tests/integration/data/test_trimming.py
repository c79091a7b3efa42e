"""Deleting old events: all of a day or nothing of it, whenever the command is killed."""

import shutil
import subprocess
import sys
from datetime import date

import pytest

from data.inventory import read_inventory
from data.store import read_events
from data.trimming import DeletedEvents, delete_events_before
from shortlist.errors import DataError
from shortlist.home import Home

DAY = date(2024, 5, 3)
KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
import data.publication as publication
from data.trimming import delete_events_before
from shortlist.home import Home

left = int(sys.argv[2])

def counting(original):
    def call(*arguments, **options):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return original(*arguments, **options)
    return call

for name in ("replace_file", "sync_folder", "_sync_all", "_roll_forward"):
    setattr(publication, name, counting(getattr(publication, name)))
Path.unlink = counting(Path.unlink)
delete_events_before(Home(Path(sys.argv[1])), date(2024, 5, 3))
"""


@pytest.fixture
def five_days(bring_in, home, write) -> Home:
    """Two events on each of five days, from two files."""
    for user in ("u1", "u2"):
        rows = "".join(f"{user},a,2024-05-{day:02},purchase\n" for day in range(1, 6))
        bring_in(write(f"{user}.csv", "user_id,item_id,timestamp,event_type\n" + rows))
    return home


def days(home: Home) -> list[int]:
    """The days of the stored events."""
    return read_events(home)["timestamp"].dt.day.tolist()


def test_the_days_before_go(five_days: Home) -> None:
    """Their files and folders too; the others are as they were, and the list of files fits."""
    tried = delete_events_before(five_days, DAY, is_tried=True)
    assert days(five_days) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    done = delete_events_before(five_days, DAY)
    assert done == tried
    assert (done.n_days, done.size_bytes > 0) == (2, True)
    assert days(five_days) == [3, 3, 4, 4, 5, 5]
    assert len(list(five_days.events.iterdir())) == 3
    listed = read_inventory(five_days)
    assert listed is not None
    assert not any("2024-05-01" in name or "2024-05-02" in name for name in listed.files)
    assert delete_events_before(five_days, DAY) == DeletedEvents()


def test_the_last_events_are_not_deleted(five_days: Home) -> None:
    """A day after all events is refused, and nothing changes."""
    with pytest.raises(DataError, match="none would be left"):
        delete_events_before(five_days, date(2024, 6, 1))
    assert len(days(five_days)) == 10


def test_killed_at_any_point(five_days: Home, tmp_path) -> None:
    """The home is as before or as after; from the record of the change on it is as after."""
    seen, point, code = [], 0, -9
    while code == -9:
        copy = Home(tmp_path / f"copy-{point}")
        shutil.copytree(five_days.root, copy.root)
        command = [sys.executable, "-c", KILLED, str(copy.root), str(point)]
        code = subprocess.run(command, capture_output=True, check=False).returncode
        seen.append(len(days(copy)))
        assert not copy.redo.exists()
        point += 1
    assert code == 0
    assert len(seen) > 8
    assert set(seen) == {10, 6}
    assert seen == sorted(seen, reverse=True)


def test_what_was_deleted_may_come_again(five_days: Home, bring_in, write) -> None:
    """An import of a deleted day is new."""
    delete_events_before(five_days, DAY)
    bring_in(write("again.csv", "user_id,item_id,timestamp,event_type\nu1,a,2024-05-01,purchase\n"))
    assert days(five_days) == [1, 3, 3, 4, 4, 5, 5]
