"""Commands and workers killed at random moments: the benchmarks that do it two hundred times, twelve times."""

import subprocess
import sys
from pathlib import Path

import pytest

from shortlist.home import Home

KILLS = Path(__file__).parents[2] / "benchmarks" / "serving" / "kills.py"
LIVE_KILLS = KILLS.with_name("live_kills.py")
CONFIG = """
[candidate_gen.als]
factors = 8
search_seconds = 0.0
[ranking]
max_trees = 5
objective = "lambdarank"
n_windows = 2
negatives_per_query = 20
order = "ranker"
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_breaks_whenever_something_is_killed(small_home: Home, tmp_path: Path) -> None:
    """The home stays readable and clean, and every worker comes to answer from the version that it names."""
    (tmp_path / "quick.toml").write_text(CONFIG)
    options = ["--home", str(small_home.root), "--config", str(tmp_path / "quick.toml"), "--n", "12"]
    command = [sys.executable, str(KILLS), *options, "--out", str(tmp_path / "kills.jsonl")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("12 rounds, ")
    assert ", 0 broken" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_event_is_lost_or_doubled_whenever_something_is_killed(small_home: Home, tmp_path: Path) -> None:
    """Killed workers, drains and forgettings: each acknowledged event is there once, and none of the forgotten."""
    command = [sys.executable, str(LIVE_KILLS), "--home", str(small_home.root), "--n", "12"]
    command += ["--out", str(tmp_path / "kills.jsonl")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("12 rounds, ")
    assert ", 0 broken" in done.stdout
