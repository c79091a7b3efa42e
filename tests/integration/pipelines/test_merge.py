"""Two ids that are one user."""

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from data.forgetting import begin_forgetting, finish_forgetting
from data.log.register import Register
from data.merging import merge_users
from data.people import read_people
from data.searching import find_mentions
from data.store import read_events
from ranking.bundling import load_recommender
from shortlist.errors import DataError
from shortlist.home import Home
from shortlist.registry import Registry


@pytest.fixture
def home(small_home: Home, tmp_path: Path) -> Home:
    """A home of this test's own."""
    return Home(Path(shutil.copytree(small_home.root, tmp_path / "home")))


def test_events_are_read_under_one_id(home: Home) -> None:
    """Through others, too; the files stay as they are, and nobody else's events change."""
    before = read_events(home)
    merge_users(home, "user-002", "user-003")
    merge_users(home, "user-001", "user-002")
    after = read_events(home)
    names = {"user-001", "user-002", "user-003"}
    assert (after["user_id"] == "user-001").sum() == before["user_id"].isin(names).sum()
    rest = after[after["user_id"] != "user-001"].reset_index(drop=True)
    assert rest.equals(before[~before["user_id"].isin(names)].reset_index(drop=True))
    assert after["timestamp"].is_monotonic_increasing


def test_a_bundle_s_histories_are_one_by_time(home: Home) -> None:
    """Asked for by any of the ids; each event once, baskets rising."""
    alone = [load_recommender(Registry(home).open("current")).history(f"user-00{n}") for n in (1, 2)]
    merge_users(home, "user-001", "user-002")
    recommender = load_recommender(Registry(home).open("current"))
    for user_id in ("user-001", "user-002"):
        history = recommender.history(user_id)
        assert len(history) == sum(map(len, alone))
        assert np.all(np.diff(history.timestamp) >= 0)
        assert np.all(np.diff(history.basket) >= 0)
        assert sorted(history.item_idx) == sorted(np.concatenate([one.item_idx for one in alone]))


def test_a_user_is_not_merged_into_itself(home: Home) -> None:
    """Nor into one that was merged into it; the same again changes nothing."""
    merge_users(home, "user-001", "user-002")
    merge_users(home, "user-001", "user-002")
    merge_users(home, "user-002", "user-003")
    for target, source in (("user-002", "user-001"), ("user-009", "user-009"), ("user-003", "user-001")):
        with pytest.raises(DataError, match="one user already"):
            merge_users(home, target, source)
    assert read_people(home).ids("user-003") == ("user-001", "user-002", "user-003")
    merge_users(home, "user-004", "user-003")
    assert set(read_people(home).ids("user-001")) == {f"user-00{n}" for n in (1, 2, 3, 4)}


def test_who_is_forgotten_is_forgotten_under_every_id(home: Home) -> None:
    """And the register does not say any more which ids were one."""
    merge_users(home, "user-001", "user-002")
    begin_forgetting(home, "user-002", datetime.now(UTC))
    assert not len(load_recommender(Registry(home).open("current")).history("user-001"))
    assert len(finish_forgetting(home)) == 2
    for user in ("user-001", "user-002"):
        assert all(one.is_hidden for one in find_mentions(home, user))
    assert not {"user-001", "user-002"} & set(read_events(home)["user_id"])
    with closing(Register(home.register)) as register:
        assert all(fact.content["into"] is None for fact in register.all_of("merged"))
