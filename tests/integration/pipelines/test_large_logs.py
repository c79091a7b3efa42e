"""Training on a log that is read batch by batch: restarted where it was broken off, and learned from a sample."""

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plain_shop import build_shop
from shop import import_shop

from data.arrays.history_table import HistoryTable
from data.catalog import read_items
from data.forgetting import begin_forgetting, finish_forgetting
from data.interactions import EVENT_COLUMNS
from data.log.fingerprint import events_fingerprint
from data.store import read_events
from pipelines import shops
from pipelines.evaluation import evaluate_home
from pipelines.settings import Config
from pipelines.shops import View, drawn_users, read_shop
from pipelines.training import train
from ranking.bundling import load_recommender
from ranking.query import Query
from shortlist.home import Home
from shortlist.progress import SilentReporter
from shortlist.registry import Registry


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, make_home, tiny_events: pd.DataFrame) -> Home:
    return make_home(tmp_path_factory.mktemp("large") / "home", tiny_events)


def test_arrays_and_facts_are_those_of_the_table_in_memory(home: Home, tiny_config: Config) -> None:
    """Whichever way the events come: from files in batches, or as one table."""
    events, catalog = read_events(home), read_items(home)
    found, facts = read_shop(home, catalog, tiny_config, SilentReporter())
    expected = build_shop(events, catalog, tiny_config)
    for name in ("user_offsets", *EVENT_COLUMNS):
        assert getattr(found.interactions, name).tolist() == getattr(expected.interactions, name).tolist(), name
    assert found.table.users.text.tolist() == expected.table.users.text.tolist()
    assert found.table.items.text.tolist() == expected.table.items.text.tolist()
    assert (facts.n_events, facts.start) == (len(events), events["timestamp"].min())
    assert facts.end == events["timestamp"].max() + pd.Timedelta(seconds=1)
    assert facts.fingerprint == events_fingerprint(events)


def test_a_training_that_was_broken_off_does_not_sort_again(
    tmp_path: Path, make_home, tiny_events: pd.DataFrame, tiny_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The arrays that it had made are there; when all is done they are gone."""
    home = make_home(tmp_path / "home", tiny_events)
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.training.fit_recommender", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train(home, tiny_config, SilentReporter())
    assert list(home.tables.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(shops, "sorted_log", lambda *_: pytest.fail("sorted again"))
        manifest = train(home, tiny_config, SilentReporter())
    assert not home.tables.exists()
    whole = train(home, tiny_config, SilentReporter())
    assert {name: entry.sha256 for name, entry in manifest.files.items()} == {
        name: entry.sha256 for name, entry in whole.files.items()
    }


def test_other_events_are_sorted_anew(
    tmp_path: Path, make_home, tiny_events: pd.DataFrame, tiny_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(tmp_path / "home", tiny_events)
    catalog = read_items(home)
    _, before = read_shop(home, catalog, tiny_config, SilentReporter())
    until = tiny_events["timestamp"].max().to_pydatetime()
    _, after = read_shop(home, catalog, tiny_config, SilentReporter(), View(until, has_strays=True))
    assert after.n_events < before.n_events
    assert len(list(home.tables.iterdir())) == 2
    earlier = tiny_events.assign(timestamp=tiny_events["timestamp"] - pd.Timedelta(days=400))
    import_shop(home, earlier, catalog)
    _, both = read_shop(home, catalog, tiny_config, SilentReporter())
    assert both.n_events == 2 * before.n_events
    assert len(list(home.tables.iterdir())) == 1


def test_forgetting_a_user_leaves_no_arrays(tmp_path: Path, make_home, tiny_events, tiny_config: Config) -> None:
    """What a broken off training left holds histories, too."""
    home = make_home(tmp_path / "home", tiny_events)
    read_shop(home, read_items(home), tiny_config, SilentReporter())
    begin_forgetting(home, str(tiny_events["user_id"].iloc[0]), datetime.now(UTC))
    assert home.tables.exists()
    finish_forgetting(home)
    assert not home.tables.exists()


def test_a_large_log_is_learned_from_a_sample_and_everybody_has_lists(home: Home, tiny_config: Config) -> None:
    """Users who were not drawn get lists from their own histories; the manifest says how many were."""
    config = tiny_config.model_copy(update={"training": tiny_config.training.model_copy(update={"max_events": 2_000})})
    manifest = train(home, config, SilentReporter())
    sampled = manifest.choices.sampled_events
    assert sampled is not None
    assert 1_000 < sampled <= 2_000 < manifest.data.n_events
    recommender = load_recommender(Registry(home).open(manifest.version))
    assert len(recommender.table.users) == manifest.data.n_users > (manifest.choices.sampled_users or 0)
    drawn = drawn_users(recommender.table, 2_000, config.seed)
    assert drawn is not None
    others = np.setdiff1d(np.arange(len(recommender.table.users)), drawn)
    for user in (others[0], others[-1]):
        found = recommender.recommend(Query(recommender.table.users.external(int(user))))
        assert found.source == "personalized"
        assert len(found.items) == 10


def test_a_large_log_is_judged_on_a_sample_and_the_report_says_so(home: Home, tiny_config: Config) -> None:
    """An evaluation holds no more events than a training does."""
    config = tiny_config.model_copy(update={"training": tiny_config.training.model_copy(update={"max_events": 2_000})})
    found = evaluate_home(home, config, SilentReporter(), protocol="last")
    assert found.note is not None
    n_events = len(read_events(home))
    assert re.fullmatch(
        rf"Of the {n_events:,} events, those of \d+ users drawn at random take part: 1,\d+\.", found.note
    )
    assert evaluate_home(home, tiny_config, SilentReporter(), protocol="last").note is None


def test_some_users_have_the_histories_that_they_had(small_recommender) -> None:
    table: HistoryTable = small_recommender.table
    users = np.array([0, 3, 4, len(table.users) - 1])
    some = table.interactions(users)
    assert some.users.externals(np.arange(4)) == table.users.externals(users)
    for place, user in enumerate(users):
        for name in EVENT_COLUMNS:
            expected = getattr(table.history(int(user), small_recommender.as_of), name)
            assert getattr(some.history(place, small_recommender.as_of), name).tolist() == expected.tolist()
