"""Served lists are noted, by pseudonym, off the request's path."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pandas as pd
import pytest
from live_service import clear_live, live_service, patient

from data.forgetting import finish_forgetting
from data.log.exposures import read_exposures
from data.people import pseudonym, read_people
from data.searching import find_mentions
from experiments.config import ExperimentsConfig
from ranking.recommender import Recommender
from serving import exposures
from serving.app import create_app
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.home import Home

USER = "user-001"
Ask = Callable[[httpx.Client], object]


@pytest.fixture
def home(small_home: Home, tmp_path: Path) -> Home:
    """A home of this test's own, from which nothing was served."""
    home = Home(Path(shutil.copytree(small_home.root, tmp_path / "home")))
    clear_live(home)
    return home


def noted(home: Home, recommender: Recommender, ask: Ask, **config: object) -> pd.DataFrame:
    """What is noted when a service has been asked, and has ended."""
    service = Service(recommender, {}, ExperimentsConfig())
    with live_service(create_app(ServiceSettings(home, patient(**config)), service)) as client:
        ask(client)
    now = datetime.now(UTC)
    return read_exposures(home, now - timedelta(days=1), now + timedelta(days=1))


def test_each_list_is_noted_as_it_was_served(home: Home, small_recommender: Recommender) -> None:
    """Made or from the cache, with its id, items, places and scores; the user is named by no file."""
    answers: list[dict] = []

    def ask(client: httpx.Client) -> None:
        for path in (f"/recommendations/{USER}?limit=3&offset=2", f"/recommendations/{USER}?limit=3&offset=2"):
            answers.append(client.get(path).json())
        answers.append(client.get("/popular?limit=2").json())
        answers.append(client.get("/items/item-003/similar?limit=2").json())
        answers.append(client.post("/recommendations", json={"user_id": USER, "scenario": "new"}).json())

    rows = noted(home, small_recommender, ask)
    assert rows["recommendation_id"].tolist() == [one["recommendation_id"] for one in answers]
    for (_, row), answer in zip(rows.iterrows(), answers, strict=True):
        assert row["item_ids"].tolist() == [item["item_id"] for item in answer["items"]]
        assert row["scores"].tolist() == pytest.approx([item["score"] for item in answer["items"]])
    assert rows["first_rank"].tolist() == [3, 3, 1, 1, 1]
    assert rows["scenario"].tolist() == ["home"] * 4 + ["new"]
    mine = pseudonym(read_people(home).secret, USER)
    assert [None if pd.isna(user) else user for user in rows["user"]] == [mine, mine, None, None, mine]
    assert not [one for one in find_mentions(home, USER) if "exposures" in one.place]


def test_without_consent_nothing_is_noted(home: Home, small_recommender: Recommender) -> None:
    """Nor where none is wanted."""

    def ask(client: httpx.Client) -> None:
        client.get(f"/recommendations/{USER}?consent=false")
        client.post("/recommendations", json={"user_id": USER, "consent": False})

    assert noted(home, small_recommender, ask).empty
    assert noted(home, small_recommender, lambda client: client.get("/popular"), exposure_share=0).empty


def test_of_a_share_of_users_all_lists_are_noted(home: Home, small_recommender: Recommender) -> None:
    """Of the others none."""

    def ask(client: httpx.Client) -> None:
        for number in range(200):
            client.get(f"/recommendations/user-{number % 100:03}?limit=1")

    counts = noted(home, small_recommender, ask, exposure_share=0.5)["user"].value_counts()
    assert set(counts) == {2}
    assert 30 <= len(counts) <= 70


def test_what_waits_is_bounded_and_counted(
    home: Home, small_recommender: Recommender, monkeypatch: pytest.MonkeyPatch, metric: Callable
) -> None:
    """A request is answered all the same."""
    monkeypatch.setattr(exposures, "MOST_WAITING", 3)
    dropped = []

    def ask(client: httpx.Client) -> None:
        assert all(client.get("/popular").status_code == 200 for _ in range(5))
        dropped.append(metric(client, 'shortlist_exposures_total{outcome="dropped"}'))

    assert len(noted(home, small_recommender, ask)) == 3
    assert dropped == [2]


def test_a_forgotten_user_is_not_among_them(home: Home, small_recommender: Recommender) -> None:
    """Neither what was written, nor what waited to be."""
    noted(home, small_recommender, lambda client: client.get(f"/recommendations/{USER}"))

    def ask(client: httpx.Client) -> None:
        client.get(f"/recommendations/{USER}")
        client.get("/recommendations/user-002")
        client.delete(f"/users/{USER}")

    assert len(noted(home, small_recommender, ask)) == 2
    (receipt,) = finish_forgetting(home)
    assert receipt.exposures == 1
    now = datetime.now(UTC)
    assert len(read_exposures(home, now - timedelta(days=1), now + timedelta(days=1))) == 1


def test_a_list_that_could_not_be_made_is_noted_as_that(
    home: Home, small_recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its user got an error; how long lists took is noted of all."""

    def ask(client: httpx.Client) -> None:
        assert client.get(f"/recommendations/{USER}").status_code == 200
        with monkeypatch.context() as patch:
            patch.setattr("serving.service.Plan.tail", lambda _self: 1 / 0)
            assert client.get("/recommendations/user-002").status_code == 500

    rows = noted(home, small_recommender, ask)
    assert rows["source"].tolist() == ["personalized", "error"]
    assert rows["item_ids"].map(len).tolist() == [10, 0]
    assert (rows["milliseconds"] > 0).all()
