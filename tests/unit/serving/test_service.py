"""What goes into the key of a cached list."""

import logging
from copy import copy
from dataclasses import fields, replace
from pathlib import Path

import pytest

from data.arrays.histories import StoredHistories
from experiments.config import ExperimentsConfig
from monitoring.logs import SERVICE_LOGGER
from ranking.query import Query
from ranking.recommender import Recommender
from serving.fellows import tell
from serving.parameters import ListParameters
from serving.service import Plan, Service
from serving.settings import ServiceSettings
from serving.supervisor import RUN_FOLDER_VARIABLE
from shortlist.home import Home

WANTED = ListParameters(limit=10)
OF_THE_USER_ALONE = {"session_id", "consent"}
"""They decide whose list it is, and whether it is kept; not what is in it."""

CHANGES = {
    "limit": 9,
    "scenario": "new",
    "offset": 1,
    "categories": ("Food",),
    "exclude": ("item-001",),
    "session_items": ("item-002",),
    "in_stock": True,
    "exclude_purchased": True,
    "titles": True,
    "explain": True,
    "warnings": ("Something to know.",),
}


def plan(recommender: Recommender, wanted: ListParameters = WANTED, user_id: str = "user-001", **experiments) -> Plan:
    """The plan of one request."""
    return Service(recommender, {}, ExperimentsConfig.model_validate(experiments)).plan(user_id, wanted)


def test_each_parameter_has_a_change() -> None:
    """The table above holds every parameter that a request can bring."""
    assert {one.name for one in fields(ListParameters)} == {*CHANGES, *OF_THE_USER_ALONE}


@pytest.mark.parametrize("name", CHANGES)
def test_each_parameter_is_part_of_the_key(small_recommender: Recommender, name: str) -> None:
    """A request that differs in one parameter never meets the other's list."""
    other = plan(small_recommender, replace(WANTED, **{name: CHANGES[name]}))
    assert other.cache_key != plan(small_recommender).cache_key


def test_user_bundle_and_experiments_are_part_of_the_key(small_recommender: Recommender) -> None:
    """Another user, another bundle and another file of experiments have keys of their own."""
    trial = {
        "name": "trial",
        "salt": "s",
        "enabled": True,
        "share": 1.0,
        "variants": [{"name": "a", "control": True, "weight": 0.5}, {"name": "b", "weight": 0.5}],
    }
    newer = copy(small_recommender)
    newer.version = "20260101T000000-00000000"
    keys = {
        plan(small_recommender).cache_key,
        plan(small_recommender, user_id="user-002").cache_key,
        plan(newer).cache_key,
        plan(small_recommender, experiments=[trial]).cache_key,
    }
    assert len(keys) == 4


def test_what_an_experiment_sets_is_part_of_the_key(small_recommender: Recommender) -> None:
    """Every field of a query but the user tells lists apart, also those that only a variant can set."""
    service = Service(small_recommender, {}, ExperimentsConfig())
    changes = {"limit": 9, "offset": 1, "categories": ("Food",), "exclude": ("a",), "stage": "retrieval"}
    changes |= {"session_items": ("b",), "scenario": "new"}
    changes |= dict.fromkeys(("in_stock", "exclude_purchased", "exclude_seen", "titles", "explain"), True)
    assert {one.name for one in fields(Query)} == {"user_id", *changes}
    queries = [Query("u"), *(replace(Query("u"), **{name: value}) for name, value in changes.items())]
    keys = {service._plan(query, WANTED, small_recommender, "control").cache_key for query in queries}
    assert len(keys) == len(queries)


def test_the_mark_of_a_history_is_part_of_the_key(small_recommender: Recommender) -> None:
    """A list made of an older history is not found under a newer one's key."""

    class Marked(StoredHistories):
        def mark(self, user_id: str) -> str:
            return "later" if user_id == "user-001" else ""

    newer = copy(small_recommender)
    newer.histories = Marked(small_recommender.table, small_recommender.as_of)
    assert plan(newer).cache_key != plan(small_recommender).cache_key
    assert plan(newer, user_id="user-002").cache_key == plan(small_recommender, user_id="user-002").cache_key


def test_a_note_that_cannot_be_written_ends_nothing(
    small_home: Home, small_recommender: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    """Without the folder that the workers share, a worker answers all the same, and the log says so."""
    monkeypatch.setenv(RUN_FOLDER_VARIABLE, str(tmp_path / "file" / "below"))
    (tmp_path / "file").write_text("")
    for name in ("shortlist", SERVICE_LOGGER):
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    tell(ServiceSettings(small_home), Service(small_recommender, {}, ExperimentsConfig()))
    assert "were not told" in caplog.text
