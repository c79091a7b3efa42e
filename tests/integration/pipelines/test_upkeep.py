"""What killed commands leave in a home: named by the doctor, removed by the next command."""

import signal
import subprocess
import sys

import pytest

from pipelines.upkeep import examine_home, tidy
from shortlist.home import Home

KILLED = """
import os, signal, sys
from pathlib import Path
from data.publication import Publication, import_lock
from shortlist.atomic import staged_folder
from shortlist.home import Home

home = Home(Path(sys.argv[1]))
with import_lock(home), staged_folder(home.bundles / "v1") as folder:
    (folder / "half.npy").write_bytes(b"x" * 1_000_000)
    Publication(home, "a").stage(home.items).write_bytes(b"x" * 1_000_000)
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def findings(home):
    return {one.subject: one for one in examine_home(home)}


def test_a_killed_command_s_files_are_named_and_removed(home):
    """The doctor names the half-written bundle and the staged files with their size; the next command has none."""
    done = subprocess.run([sys.executable, "-c", KILLED, home.root, "killed"], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    found = findings(home)["leftovers"]
    assert (found.state, found.mend) == ("warning", "the next command removes them")
    assert "bundles/.tmp-" in found.found
    assert "2.0 MB" in found.found
    tidy(home)
    assert list(home.bundles.iterdir()) == []
    assert not home.staging.exists()
    assert findings(home)["leftovers"].state == "fine"


def test_what_a_living_command_writes_is_left_alone(home):
    """Neither the doctor nor another command takes a running import or training for a dead one."""
    command = [sys.executable, "-c", KILLED, home.root, "alive"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "ready\n"
        assert findings(home)["leftovers"].state == "fine"
        tidy(home)
        assert len(list(home.bundles.glob(".tmp-*/half.npy"))) == 1
        assert len(list(home.staging.rglob("items.parquet"))) == 1
        running.communicate("\n", timeout=30)
    assert running.returncode == 0
    assert (home.bundles / "v1" / "half.npy").exists()


def test_a_home_that_is_not_there_is_not_made(tmp_path):
    """Looking at a home and tidying it create nothing."""
    home = Home(tmp_path / "none")
    tidy(home)
    assert findings(home)["data"].found.startswith("events of 0 days")
    assert not home.root.exists()


def test_data_that_is_not_as_imported_is_broken(home):
    """A stray folder among the days is named."""
    (home.events / "old").mkdir(parents=True)
    found = findings(home)["data"]
    assert found.state == "broken"
    assert "old: is no day of events" in found.found
    home.stored_files.write_text("{}")
    assert "not a list of stored files" in findings(home)["data"].found
