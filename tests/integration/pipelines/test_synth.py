"""`shortlist synth` from end to end: made, imported, trained, recommended, and compared with the planted truth."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import group
from shortlist.home import Home
from shortlist.registry import Registry

pytestmark = pytest.mark.slow

CONFIG = """
[candidate_gen.als]
factors = 16
search_seconds = 0
[ranking]
max_trees = 15
objective = "lambdarank"
n_windows = 2
negatives_per_query = 20
order = "ranker"
"""


def run(*arguments: object) -> Result:
    done = CliRunner().invoke(group, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done


def test_lists_are_of_the_planted_tastes(tmp_path: Path) -> None:
    home, shop, lists = tmp_path / "home", tmp_path / "shop", tmp_path / "lists.parquet"
    (tmp_path / "config.toml").write_text(CONFIG)
    with_home = ("--home", home, "--config", tmp_path / "config.toml")
    said = run("synth", "--users", 800, "--items", 200, "--out", shop, *with_home).stdout
    assert f"--events={shop / 'events'}" in said
    run("import", "--events", shop / "events", "--items", shop / "items.parquet", "--users", shop / "users", *with_home)
    run("train", *with_home)
    assert Registry(Home(home)).versions()
    run("recommend", "--users", "all", "--k", 10, "--version", "latest", "--out", lists, *with_home)
    share = json.loads(run("synth", "--check", lists, "--out", shop, "--json", *with_home).stdout)
    assert share["n_users"] == 800
    assert share["own"] > share["by_chance"] + 0.25
    assert "of the shopper's own tastes" in run("synth", "--check", lists, "--out", shop, *with_home).stdout
