"""From new files to a model that serves, or does not."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import pipelines.retraining
from data.store import read_events
from offline_eval.gate import Measured
from pipelines.cli import group
from pipelines.retraining import read_retrainings, retrain
from pipelines.settings import Config
from shortlist.atomic import locked
from shortlist.errors import DataError, GateRefused, StoreUnavailable
from shortlist.home import Home
from shortlist.progress import SilentReporter
from shortlist.registry import Registry


@pytest.fixture
def shop(tmp_path: Path, small_home: Home) -> Path:
    """A folder of exports: the catalogue, and the small shop's events but for the last four weeks."""
    events = read_events(small_home, columns=["user_id", "item_id", "timestamp", "event_type", "price"])
    folder = tmp_path / "exports"
    for kind in ("events", "items"):
        (folder / kind).mkdir(parents=True)
    pd.read_parquet(small_home.items).to_parquet(folder / "items" / "catalogue.parquet")
    cut = events["timestamp"].max() - pd.Timedelta(days=28)
    events[events["timestamp"] < cut].to_csv(folder / "events" / "first.csv", index=False)
    events[events["timestamp"] >= cut].to_csv(tmp_path / "later.csv", index=False)
    return folder


def test_from_files_to_a_model_that_serves(shop: Path, tmp_path: Path, tiny_config: Config) -> None:
    """The first model is judged against baselines alone; the next one, of newer files, against what serves."""
    home = Home(tmp_path / "home")
    first = retrain(home, tiny_config, SilentReporter(), watched=shop, is_forced=True)
    assert [Path(path).name for path in first.imported] == ["catalogue.parquet", "first.csv"]
    assert (first.state, Registry(home).current()) == ("published", first.version)
    assert first.verdict is not None
    assert {one.measure for one in first.verdict.comparisons} == {"ndcg"}
    (tmp_path / "later.csv").rename(shop / "events" / "second.csv")
    second = retrain(home, tiny_config, SilentReporter(), watched=shop, is_forced=True)
    assert [Path(path).name for path in second.imported] == ["second.csv"]
    manifest = Registry(home).open("current").manifest
    assert manifest.version == second.version != first.version
    assert manifest.gate == second.verdict
    assert manifest.gate.against == first.version
    assert {one.measure for one in manifest.gate.comparisons} == {"ndcg", "coverage", "repeats"}
    assert {"serving"} < {one.rival for one in manifest.gate.comparisons}
    assert [run.state for run in read_retrainings(home)] == ["published", "published"]


def test_a_worse_recipe_is_made_and_does_not_serve(small_home: Home, make_home, tiny_events, tmp_path: Path) -> None:
    """Without what finds anything but the popular, exit code 4 with the reasons; the model before goes on."""
    home = make_home(tmp_path / "home", tiny_events)
    good = {"als": {"factors": 8, "iterations": 4, "search_seconds": 0}}
    ranking = {"max_trees": 5, "n_windows": 2, "min_queries": 10, "horizon_days": 14}
    config = Config.model_validate({"candidate_gen": good, "ranking": ranking})
    retrain(home, config, SilentReporter(), is_forced=True)
    first = Registry(home).current()
    names = [source.name for source in config.candidate_gen.sources() if source.name not in {"popular", "als"}]
    worse = tmp_path / "worse.toml"
    lines = [f"[candidate_gen.{name}]\nlimit = 0" for name in names]
    als = "[candidate_gen.als]\nlimit = 0\nsearch_seconds = 0"
    table = "[ranking]\n" + "\n".join(f"{name} = {value}" for name, value in ranking.items())
    worse.write_text("\n".join([*lines, als, table]))
    command = ["retrain", "--home", str(home.root), "--config", str(worse)]
    done = CliRunner().invoke(group, command)
    assert done.exit_code == 4, done.output
    assert "NDCG@10" in done.output
    assert Registry(home).current() == first
    refused = read_retrainings(home)[-1]
    assert (refused.state, refused.verdict and refused.verdict.verdict) == ("refused", "refused")
    assert Registry(home).open(str(refused.version)).manifest.gate == refused.verdict


def test_a_run_goes_on_where_it_was_broken_off(
    make_home, tiny_events, tiny_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the judgement only the training is made, and takes what the judged recipe chose."""
    home = make_home(tmp_path / "home", tiny_events)
    train = pipelines.retraining.train

    def broken(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipelines.retraining, "train", broken)
    with pytest.raises(KeyboardInterrupt):
        retrain(home, tiny_config, SilentReporter(), is_forced=True)
    (left,) = read_retrainings(home)
    assert (left.state, left.version) == ("running", None)
    monkeypatch.setattr(pipelines.retraining, "train", train)

    def again(*arguments: object) -> Measured:
        raise AssertionError("it was judged already")

    monkeypatch.setattr(pipelines.retraining, "measure", again)
    done = retrain(home, tiny_config, SilentReporter(), is_forced=True)
    assert (done.state, done.verdict, done.choices) == ("published", left.verdict, left.choices)


def test_one_at_a_time_and_only_what_can_be_taken(tmp_path: Path, tiny_config: Config) -> None:
    """A second one is refused while the first runs; a folder without the three folders is refused with their names."""
    home = Home(tmp_path / "home")
    home.retrains.mkdir(parents=True)
    with locked(home.retrains, waits=False), pytest.raises(StoreUnavailable, match="another retraining"):
        retrain(home, tiny_config, SilentReporter())
    with pytest.raises(DataError, match="events, items or users"):
        retrain(home, tiny_config, SilentReporter(), watched=tmp_path)
    assert read_retrainings(home)[-1].state == "failed"
    assert json.loads((sorted(home.retrains.glob("*.json"))[-1]).read_text())["reason"]
    with pytest.raises((DataError, GateRefused)):
        retrain(home, tiny_config, SilentReporter())


def test_a_schedule_goes_on_after_a_failure_and_stops_when_told(tmp_path: Path) -> None:
    """Without events the first run fails, and says when the next begins; SIGTERM ends it with code 0."""
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", "retrain", "--every", "hour"]
    with subprocess.Popen([*command, "--home", tmp_path / "home"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = [process.stderr.readline() for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert "Stopped." in process.stderr.read()
    assert "no events" in said[0]
    assert "The next retraining begins in 1:00:00." in said[1]


def test_a_run_under_way_is_stopped_when_told() -> None:
    """SIGTERM in the middle of a retraining ends it at once, and is no failure after which the schedule goes on."""
    script = (
        "import time; from datetime import timedelta; from pipelines.schedule import repeat\n"
        "repeat(lambda: (print('begun', flush=True), time.sleep(600)), timedelta(hours=1), 'retraining')"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
