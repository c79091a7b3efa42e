"""Several cuts of a home whose right answer is known."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import pipelines.backtesting
from pipelines.cli import group
from shortlist.home import Home

CONFIG = """
[candidate_gen.als]
factors = 8
iterations = 4
search_seconds = 0
[ranking]
max_trees = 5
n_windows = 2
min_queries = 10
horizon_days = 14
"""


@pytest.fixture(scope="module")
def tiny_home(tmp_path_factory: pytest.TempPathFactory, make_home, tiny_events) -> Home:
    """A home with the smaller shop."""
    return make_home(tmp_path_factory.mktemp("backtest") / "home", tiny_events)


def run(home: Home, tmp_path: Path, *arguments: str) -> Result:
    """Run the command."""
    (tmp_path / "shop.toml").write_text(CONFIG)
    options = ["--home", str(home.root), "--config", str(tmp_path / "shop.toml"), "--report", str(tmp_path / "report")]
    return CliRunner().invoke(group, ["backtest", *options, *arguments])


def test_cuts_lie_behind_one_another_and_runs_are_kept(
    tiny_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cuts a fortnight apart, two seeds on the newest; asked again nothing is trained."""
    first = run(tiny_home, tmp_path, "--cuts", "2", "--seeds", "2", "--json")
    assert first.exit_code == 0, first.output
    found = json.loads(first.stdout)
    cuts = [one["cut"][:10] for one in found["runs"]]
    assert cuts[0] == cuts[1] > cuts[2]
    assert len({one["seed"] for one in found["runs"]}) == 2
    ours = next(one for one in found["systems"] if one["name"] == "two_stage")
    popular = next(one for one in found["systems"] if one["name"] == "popularity")
    assert ours["mean"] > 2 * popular["mean"]
    assert ours["between_cuts"] > 0
    assert (popular["between_seeds"], ours["between_seeds"] is not None) == (0.0, True)
    monkeypatch.delattr(pipelines.backtesting, "evaluate_home")
    again = run(tiny_home, tmp_path, "--cuts", "2", "--seeds", "2")
    assert again.exit_code == 0, again.output
    assert "between seeds" in again.stdout
    assert json.loads((tmp_path / "report" / "backtest.json").read_text()) == found


def test_more_cuts_than_there_is_past_are_refused(tiny_home: Home, tmp_path: Path) -> None:
    """Exit code 3, with the option to change."""
    done = run(tiny_home, tmp_path, "--cuts", "52")
    assert done.exit_code == 3
    assert "--cuts" in done.output
