"""What leaving out a source changes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.ablation import FILE_NAME
from pipelines.cli import group
from shortlist.home import Home


@pytest.fixture(scope="module")
def config_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few factors, few trees, no search."""
    path = tmp_path_factory.mktemp("config") / "shop.toml"
    path.write_text(
        "[candidate_gen.als]\nfactors = 8\niterations = 4\nsearch_seconds = 0\n"
        "[ranking]\nmax_trees = 5\nn_windows = 2\nmin_queries = 10\nhorizon_days = 14\n"
    )
    return path


def ablate(home: Home, config_file: Path, report: Path, *arguments: str) -> Result:
    """Run the command."""
    options = ["--home", str(home.root), "--config", str(config_file), "--report", str(report)]
    return CliRunner().invoke(group, ["ablate", *options, "--test-days", "14", *arguments])


def test_rows_are_kept_and_taken_up_again(small_home: Home, config_file: Path, tmp_path: Path) -> None:
    """The whole and each source have a row; asked again nothing is trained, and a further source is added."""
    first = ablate(small_home, config_file, tmp_path, "--json", "--sources", "history")
    assert first.exit_code == 0, first.output
    whole, without = json.loads(first.stdout)
    assert (whole["without"], without["without"]) == (None, "history")
    assert without["change_overall"][0] == pytest.approx(
        without["ndcg@10_overall"] - whole["ndcg@10_overall"], abs=2e-6
    )
    assert without["change_overall"][1] <= without["change_overall"][0] <= without["change_overall"][2]
    kept = (tmp_path / FILE_NAME).read_bytes()
    again = ablate(small_home, config_file, tmp_path, "--json", "--sources", "history")
    assert json.loads(again.stdout) == [whole, without]
    assert (tmp_path / FILE_NAME).read_bytes() == kept
    more = ablate(small_home, config_file, tmp_path, "--sources", "history", "baskets")
    assert "baskets" in more.stdout
    assert (tmp_path / FILE_NAME).read_bytes() != kept


def test_what_cannot_be_left_out_is_refused(small_home: Home, config_file: Path, tmp_path: Path) -> None:
    """An unknown source, and the one that fills lists, are a usage error that names the others."""
    for name in ("popular", "magic"):
        done = ablate(small_home, config_file, tmp_path, "--sources", name)
        assert done.exit_code == 2
        assert "history, als" in done.stderr
