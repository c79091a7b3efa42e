"""An import that is killed leaves the home as it was before, or as it is after."""

import random
import shutil
import subprocess
import sys

import pytest

from data.catalog import read_items, read_users
from data.log.fingerprint import events_fingerprint
from data.store import read_events
from shortlist.home import Home

SCRIPT = '''
import os, random, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path

from data.events import Reading
from data.importing import import_tables, read_files
from data.settings import DataConfig
from shortlist.home import Home
from shortlist.progress import SilentReporter


class Killer:
    """Dies the n-th time that it is told of something."""

    def __init__(self, n):
        self.left = n

    def step(self, message=""):
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def track(self, items, total, description, weigh=len):
        for item in items:
            self.step()
            yield item
        self.step()


def run(home, files, reporter):
    sources = read_files([files / "new.csv"], [files / "items.csv"], [files / "users.csv"], SilentReporter())
    import_tables(Home(home), sources, Reading(), DataConfig(), now=datetime(2024, 6, 1, tzinfo=UTC), reporter=reporter)


files, mode = Path(sys.argv[1]), sys.argv[2]
for home in map(Path, sys.argv[3:]):
    argument = float(home.name.rpartition("-")[2])
    child = os.fork()
    if child == 0:
        run(home, files, Killer(int(argument)) if mode == "points" else SilentReporter())
        os._exit(0)
    if mode == "times":
        time.sleep(argument)
        os.kill(child, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
'''
HEADER = "user_id,item_id,timestamp,event_type\n"
N_POINTS = 17


def state(home):
    """Everything that a later command can see."""
    return (
        events_fingerprint(read_events(home)),
        read_items(home).to_csv(),
        read_users(home).to_csv(),
        len(list(home.imports.glob("*.json"))),
        len(list(home.rejects.glob("*.parquet"))),
    )


@pytest.fixture
def killed(tmp_path, bring_in, home, write):
    """Kill the same import in copies of one home; return the homes, the exit codes, and the states before and after."""
    items, users = write("items.csv", "item_id,title\na,Tea\n"), write("users.csv", "user_id,age\nu1,40\n")
    bring_in(write("old.csv", HEADER + "u1,a,2024-05-01,view\nu1,b,2024-05-03,view\n"), items=[items], users=[users])
    write("items.csv", "item_id,title\na,Green tea\nb,Cup\n")
    write("users.csv", "user_id,age\nu1,41\n")
    new = write(
        "new.csv", HEADER + "".join(f"u{day},a,2024-05-{day:02},purchase\n,a,2024-05-01,view\n" for day in range(1, 7))
    )

    def run(mode, arguments):
        copies = [Home(tmp_path / f"copy-{argument}") for argument in arguments]
        for copy in copies:
            shutil.copytree(home.root, copy.root)
        command = [sys.executable, "-c", SCRIPT, str(tmp_path), mode, *(str(copy.root) for copy in copies)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)
        before = state(home)
        bring_in(new, items=[items], users=[users])
        return copies, [int(code) for code in done.stdout.split()], before, state(home)

    return run


def test_killed_at_every_point(killed):
    """Wherever the import is told to die, before the redo record the home is as before, from then on as after."""
    copies, codes, before, after = killed("points", range(N_POINTS))
    assert codes[0] == -9
    assert codes[-1] == 0, "there are more points than this test knows of"
    states = [state(copy) for copy in copies]
    first_after = states.index(after)
    assert states == [before] * first_after + [after] * (N_POINTS - first_after)
    assert sum(code == -9 for code in codes[first_after:]) >= 10, "every rename is a point"
    assert not any(path.exists() for copy in copies for path in (copy.redo, copy.staging))


def test_killed_at_any_time(killed):
    """Killed at random moments, the home is as before or as after."""
    rng = random.Random(7)
    copies, _, before, after = killed("times", [round(rng.uniform(0.0, 0.5), 3) for _ in range(12)])
    assert {state(copy) for copy in copies} <= {before, after}


def test_an_import_mends_first(killed, bring_in, tmp_path):
    """After a kill the same import goes through and ends in the state after it."""
    copies, _, _, after = killed("points", [3, 7])
    for copy in copies:
        subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path), "points", str(_renamed(copy, 999))], check=True)
        assert state(Home(copy.root.with_name("copy-999"))) == after


def _renamed(home, argument):
    """Move a home to where the script reads its argument from the name."""
    target = home.root.with_name(f"copy-{argument}")
    shutil.rmtree(target, ignore_errors=True)
    return home.root.rename(target)
