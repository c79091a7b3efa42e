"""Exit codes and results of the installed command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import group
from shortlist.home import Home

SHORTLIST = Path(sys.executable).with_name("shortlist")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHORTLIST_")}
    return subprocess.run(
        [str(SHORTLIST), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of bad events, a wrong configuration, and a home whose serving version is gone."""
    (tmp_path / "events.csv").write_text("user_id,item_id,timestamp,event_type\n,,x,y\n")
    (tmp_path / "wrong.toml").write_text("seed = 1\n\nsead = 2\n")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "CURRENT").write_text("20260101T000000-aaaaaaaa\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["frobnicate"], 2, "No such command"),
        (["import", "--events", "events.csv", "--home", "new"], 3, "MISSING_USER_ID"),
        (["recommend", "--users", "all", "--out", "r.csv", "--home", "home"], 5, "no such bundle"),
    ],
)
def test_installed_command_exits(folder: Path, arguments: list[str], code: int, message: str) -> None:
    """The installed command ends with the code of its error, the reason on standard error, and no traceback."""
    done = run(folder, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "--home", "new", "--config", "wrong.toml"], 2, "wrong.toml:3: sead"),
        (["train", "--home", "new", "--until", "yesterday"], 2, "ISO 8601"),
        (["train", "--home", "new"], 3, "shortlist import"),
        (["evaluate", "--home", "new"], 3, "shortlist import"),
        (["evaluate", "--home", "new", "--k", "0"], 2, "--k"),
        (["publish", "latest", "--home", "new"], 5, "shortlist train"),
        (["publish", "../x", "--home", "new"], 5, "versions"),
        (["publish", "--home", "new"], 2, "VERSION"),
        (["rollback", "--home", "new"], 5, "no version served"),
        (["inspect", "current", "--home", "home"], 5, "no such bundle"),
        (["serve", "--home", "home"], 5, "no such bundle"),
        (["serve", "--home", "new"], 5, "shortlist train"),
        (["recommend", "--users", "all", "--out", "r.xls", "--home", "home"], 2, ".csv"),
        (["recommend", "--users", "all", "--home", "home"], 2, "--out"),
        (["versions", "--home", "events.csv"], 2, "is a file"),
    ],
)
def test_command_exits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    """Every command ends with the code of its error and says what to do."""
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert not (folder / "new").exists()


@pytest.mark.parametrize("name", ["none.txt", "wrong.toml"])
def test_file_of_users_that_is_none_is_refused(small_home: Home, folder: Path, name: str) -> None:
    """A file of users that is missing or of another kind ends with 3, and writes nothing."""
    out = folder / "recs.csv"
    arguments = ["recommend", "--users", str(folder / name), "--out", str(out), "--home", str(small_home.root)]
    result = CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert (result.exit_code, out.exists()) == (3, False)


def test_json_results_parse(small_home: Home, tmp_path: Path) -> None:
    """With --json standard output is one JSON value, and what the command says to people is elsewhere."""
    home = ["--home", str(small_home.root), "--json"]
    out = tmp_path / "recs.parquet"

    def result(*arguments: str):
        done = CliRunner().invoke(group, [*arguments, *home], catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    (version,) = result("versions")
    assert (version["is_current"], version["ranker"]) == (True, "lightgbm")
    manifest = result("inspect", "current")
    assert manifest["version"] == version["version"]
    assert result("publish", "current") == {"current": version["version"], "scorer": "compiled"}
    lists = result("recommend", "--users", "all", "--k", "2", "--stage", "retrieval", "--out", str(out))
    counts = {"n_users": 200, "n_unknown": 0, "n_rows": 400}
    assert lists == {"version": version["version"], **counts, "out": str(out)}


def test_words_for_people(small_home: Home) -> None:
    """Without --json the same commands print tables that name the version and every file."""
    home = ["--home", str(small_home.root)]
    versions = CliRunner().invoke(group, ["versions", *home], catch_exceptions=False)
    inspected = CliRunner().invoke(group, ["inspect", "latest", *home], catch_exceptions=False)
    assert (versions.exit_code, inspected.exit_code) == (0, 0)
    assert "whole and sound" in inspected.stdout
    assert "als_index" in inspected.stdout
