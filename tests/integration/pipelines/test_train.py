"""Training from a home: the same data give the same bundle, and nothing later shows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from candidate_gen.sources import SOURCES
from candidate_gen.sources.popular import Popular
from pipelines.settings import Config
from pipelines.training import train
from ranking.bundling import load_recommender
from ranking.query import Query
from shortlist.errors import DataError
from shortlist.home import Home
from shortlist.manifest import Manifest
from shortlist.progress import SilentReporter
from shortlist.registry import Registry

UNTIL = datetime(2026, 4, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def until_home(tmp_path_factory, make_home, tiny_events) -> Home:
    """A home with all events of the smaller shop."""
    return make_home(tmp_path_factory.mktemp("until") / "home", tiny_events)


@pytest.fixture(scope="module")
def until_bundle(until_home: Home, tiny_config: Config) -> Manifest:
    """The bundle of that home, trained up to a moment."""
    return train(until_home, tiny_config, SilentReporter(), until=UNTIL)


def hashes(manifest: Manifest) -> dict[str, str]:
    """The hash of every file but the manifest."""
    return {name: entry.sha256 for name, entry in manifest.files.items()}


def test_until_uses_nothing_later(
    until_bundle: Manifest, tmp_path: Path, make_home, tiny_events: pd.DataFrame, tiny_config: Config
) -> None:
    """Trained up to a moment, every file is the one that a log without later events gives; so the same data,
    configuration and seed give the same bytes wherever they lie; only a moment's events must keep their order.
    """
    early = tiny_events[tiny_events["timestamp"] < UNTIL]
    assert 0 < len(early) < len(tiny_events)
    shuffled = early.sort_values(["user_id", "timestamp"], ascending=[False, True], kind="stable")
    again = train(make_home(tmp_path / "home", shuffled), tiny_config, SilentReporter(), until=UNTIL)
    assert until_bundle.choices.ranker == "lightgbm"
    assert hashes(again) == hashes(until_bundle)
    read_later = {"read_at": again.data.read_at}
    assert again.data == until_bundle.data.model_copy(update=read_later)
    assert again.config_sha256 == until_bundle.config_sha256
    assert (again.choices, again.metrics) == (until_bundle.choices, until_bundle.metrics)
    assert again.version != until_bundle.version
    assert again.data.end == UNTIL


def test_trained_bundle_does_not_serve(until_home: Home, until_bundle: Manifest) -> None:
    """A new bundle is there and whole, and nothing serves before it is published."""
    registry = Registry(until_home)
    assert registry.current() is None
    assert registry.resolve("latest") == until_bundle.version
    recommender = load_recommender(registry.open("latest"))
    assert recommender.as_of == UNTIL.timestamp()
    assert len(recommender.recommend(Query("user-000")).items) == 10


def test_manifest_says_what_it_was_made_from(until_bundle: Manifest, tiny_config: Config) -> None:
    """The manifest holds the window of the data, the configuration, the libraries and what was chosen."""
    assert Config.model_validate(until_bundle.config) == tiny_config
    assert until_bundle.data.n_users == 60
    assert until_bundle.data.n_items == 122
    assert until_bundle.data.start < until_bundle.data.end == UNTIL
    assert {"faiss-cpu", "implicit", "lightgbm", "numpy", "python"} <= set(until_bundle.libraries)
    assert until_bundle.choices.target == "purchase"
    assert until_bundle.gate.verdict == "not_run"


def test_nothing_to_train_on_is_refused(until_home: Home, tmp_path: Path, tiny_config: Config) -> None:
    """A home without events, or without any before the moment, is a `DataError`, and no bundle appears."""
    with pytest.raises(DataError, match="shortlist import"):
        train(Home(tmp_path / "none"), tiny_config, SilentReporter())
    with pytest.raises(DataError, match="no events before"):
        train(until_home, tiny_config, SilentReporter(), until=UNTIL - timedelta(days=5_000))
    assert not (tmp_path / "none" / "bundles").exists()


def test_any_source_may_be_switched_off(tmp_path: Path, make_home, tiny_events: pd.DataFrame) -> None:
    """With popular items alone, ALS and its index left out, a bundle is trained, loads and answers."""
    limits = {source.name: {"limit": 0} for source in SOURCES if source is not Popular}
    config = Config.model_validate({"candidate_gen": limits, "ranking": {"max_trees": 3}})
    home = make_home(tmp_path / "home", tiny_events)
    manifest = train(home, config, SilentReporter(), until=UNTIL)
    recommender = load_recommender(Registry(home).open(manifest.version))
    assert len(recommender.recommend(Query("nobody", limit=5)).items) == 5
    assert manifest.choices.index is None
