"""A training and batch lists on a Spark cluster give the files of one machine."""

import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from spark import needs_spark

from pipelines import spark_lists
from pipelines.recommend_command import recommend_command
from pipelines.settings import Config
from pipelines.training import train
from shortlist.cluster import SparkConfig, cluster
from shortlist.errors import ConfigError
from shortlist.home import Home
from shortlist.manifest import Manifest
from shortlist.progress import SilentReporter

MASTER = "local-cluster[2,1,1024]"
"""Two workers in processes of their own on this machine, with a core and so many megabytes each."""


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    """A configuration with that cluster."""
    path = tmp_path / "spark.toml"
    path.write_text(f'[spark]\nmaster = "{MASTER}"\n', encoding="utf-8")
    return path


@needs_spark
def test_a_cluster_trains_the_bundle_of_one_machine(
    tmp_path: Path, make_home, tiny_events: pd.DataFrame, tiny_config: Config
) -> None:
    """Every file of the two bundles is the same: events sorted, factors fitted, the rest made of them."""
    alone = train(make_home(tmp_path / "alone", tiny_events), tiny_config, SilentReporter())
    home = make_home(tmp_path / "spark", tiny_events)
    before = {path.name for path in home.root.iterdir()}
    with cluster(SparkConfig(master=MASTER)):
        together = train(home, tiny_config, SilentReporter())
    assert hashes(together) == hashes(alone)
    assert {path.name for path in home.root.iterdir()} - before <= {"bundles", "trainings.json", "compiled", ".tables"}


@needs_spark
def test_a_cluster_makes_the_lists_of_one_machine(
    small_home: Home, tmp_path: Path, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two files have the same rows in the same order, those of an unknown user included, and nothing is left."""
    monkeypatch.setattr(spark_lists, "USERS_OF_A_TASK", 7)
    users = tmp_path / "users.txt"
    users.write_text("\n".join(["user-007", "nobody", *[f"user-{n:03}" for n in range(20)]]), encoding="utf-8")
    out = tmp_path / "out"
    asked = ["--home", str(small_home.root), "--users", str(users), "--k", "5", "--titles"]
    for name, options in {"alone": [], "spark": ["--config", str(config_file)]}.items():
        found = CliRunner().invoke(recommend_command, [*asked, "--out", str(out / f"{name}.parquet"), *options])
        assert found.exit_code == 0, found.output
    together, alone = (pd.read_parquet(out / f"{name}.parquet") for name in ("spark", "alone"))
    pd.testing.assert_frame_equal(together.astype({"source": "str"}), alone.astype({"source": "str"}))
    assert pq.read_schema(out / "spark.parquet") == pq.read_schema(out / "alone.parquet")
    assert len(alone) == 21 * 5
    assert {path.name for path in out.iterdir()} == {"alone.parquet", "spark.parquet"}


@needs_spark
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Spark leaves its launcher's pipe open
def test_a_master_that_does_not_answer_is_said() -> None:
    with (
        pytest.raises(ConfigError, match="Spark does not start: Could not parse Master URL"),
        cluster(SparkConfig(master="nothing://here")),
    ):
        pass


def test_without_spark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, small_home: Home, tmp_path: Path) -> None:
    """The command ends as with any wrong configuration, and writes nothing."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    monkeypatch.setenv("SHORTLIST_CONFIG", str(tmp_path / "spark.toml"))
    (tmp_path / "spark.toml").write_text('[spark]\nmaster = "spark://cluster:7077"\n', encoding="utf-8")
    asked = ["--home", str(small_home.root), "--users", "all", "--out", str(tmp_path / "lists.csv")]
    found = CliRunner().invoke(recommend_command, asked)
    assert found.exit_code == 2
    assert "shortlist-recs[spark]" in found.stderr
    assert not (tmp_path / "lists.csv").exists()


def hashes(manifest: Manifest) -> dict[str, str]:
    """The hash of every file but the manifest."""
    return {name: entry.sha256 for name, entry in manifest.files.items()}
