"""What the doctor finds, on a sound machine and on a broken one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shortlist.doctor import LIBGOMP_MEND, examine
from shortlist.home import Home

SHORTLIST = Path(sys.executable).with_name("shortlist")


@pytest.fixture(scope="module")
def broken(small_home: Home, tmp_path_factory) -> subprocess.CompletedProcess[str]:
    """The doctor where a foreign package `data` comes first, LightGBM lacks its libgomp and Redis is not there."""
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "data").mkdir()
    (folder / "data" / "__init__.py").write_text("")
    (folder / "lightgbm.py").write_text(
        "raise OSError('libgomp.so.1: cannot open shared object file: No such file or directory')\n"
    )
    command = [SHORTLIST, "doctor", "--json", "--home", small_home.root, "--redis", "redis://127.0.0.1:1/0"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        list(map(str, command)), env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def finding(done: subprocess.CompletedProcess[str], subject: str) -> dict[str, str]:
    """What was found of one subject."""
    (found,) = [one for one in json.loads(done.stdout) if one["subject"] == subject]
    return found


def test_foreign_package_is_found(broken) -> None:
    """A folder `data` that comes before ours is named with its place, and how to be rid of it."""
    found = finding(broken, "package names")
    assert found["state"] == "broken"
    assert "data is " in found["found"]
    assert "foreign" in found["found"]
    assert "virtual environment" in found["mend"]


def test_missing_libgomp_is_found(broken) -> None:
    """A library that does not load for want of libgomp comes with the package to install."""
    found = finding(broken, "lightgbm")
    assert (found["state"], found["mend"]) == ("broken", LIBGOMP_MEND)
    assert "libgomp.so.1" in found["found"]
    assert "apt-get install libgomp1" in found["mend"]


def test_redis_out_of_reach_is_a_warning(broken) -> None:
    """The service answers without Redis, so that it is only a warning."""
    found = finding(broken, "Redis")
    assert (found["state"], found["found"]) == ("warning", "out of reach: ConnectionError")


def test_something_broken_exits_with_1(broken) -> None:
    """With anything broken the exit code is 1, and what is sound is still looked at."""
    assert broken.returncode == 1
    assert finding(broken, "Python")["state"] == "fine"
    assert finding(broken, "bundle")["state"] == "fine"


def test_sound_machine(small_home: Home) -> None:
    """Here nothing is broken, and the serving bundle is whole."""
    found = {one.subject: one for one in examine(small_home, None)}
    assert [one for one in found.values() if one.state == "broken"] == []
    assert "is whole and published" in found["bundle"].found
    assert all(one.mend == "" for one in found.values() if one.state == "fine")


def test_nothing_published_is_a_warning(tmp_path: Path) -> None:
    """A home that is not there yet is no failure; what to run is said, and nothing is created."""
    found = {one.subject: one for one in examine(Home(tmp_path / "none"), "no url")}
    assert found["bundle"].state == "warning"
    assert "shortlist demo" in found["bundle"].mend
    assert found["Redis"].state == "warning"
    assert not (tmp_path / "none").exists()


def test_damaged_bundle_is_found(tmp_path: Path) -> None:
    """A serving version that is not there is broken, with the way back as the mend."""
    home = Home(tmp_path)
    home.current.write_text("20260101T000000-aaaaaaaa\n")
    found = {one.subject: one for one in examine(home, None)}["bundle"]
    assert found.state == "broken"
    assert "rollback" in found.mend
