"""What the console asks the service for, and nobody else."""

import numpy as np
import pytest

from ranking.query import Query
from ranking.recommender import Recommender
from serving.console_routes import CONSOLE_KEY_HEADER

KEY = {CONSOLE_KEY_HEADER: "k"}
PATHS = ("/users", "/users/user-001/history", "/users/user-001/list")


@pytest.fixture
def client(serve):
    """A client of a service with a console key, which it sends."""
    return serve(console_key="k", headers=KEY)


@pytest.mark.parametrize("path", PATHS)
def test_only_the_console_may_look_at_customers(serve, path: str) -> None:
    """Without a configured key there is no such route; with one, nobody else gets in, also not with the API key."""
    assert serve().get(path).status_code in {404, 405}
    guarded = serve(console_key="k", api_key="a")
    for headers in ({}, {"X-API-Key": "a"}, {CONSOLE_KEY_HEADER: "a"}, {CONSOLE_KEY_HEADER: "kk"}):
        refused = guarded.get(path, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHORIZED")
    assert guarded.get(path, headers=KEY).status_code == 200
    assert path not in guarded.get("/openapi.json").json()["paths"]


def test_samples_are_of_their_kind(client, small_recommender: Recommender) -> None:
    """The heavy have most events; every customer named is known, with the number of events and the last one's time."""
    counts = np.diff(small_recommender.table.user_offsets)
    heavy = client.get("/users", params={"sample": "heavy", "n": 3}).json()["users"]
    assert [one["n_events"] for one in heavy] == sorted(counts.tolist(), reverse=True)[:3]
    lapsed = client.get("/users?sample=lapsed&n=50").json()["users"]
    assert [one["last_event"] for one in lapsed] == sorted(one["last_event"] for one in lapsed)
    assert all(one["n_events"] >= 10 for one in lapsed)
    light = client.get("/users?sample=light&n=3").json()["users"]
    assert [one["n_events"] for one in light] == sorted(counts[counts > 0].tolist())[:3]
    assert client.get("/users?sample=rich").status_code == 422


def test_history_comes_as_baskets_with_what_the_catalogue_knows(client, small_recommender: Recommender) -> None:
    """Every event once, the newest basket first, with title, category, brand and the price that was paid."""
    found = client.get("/users/user-001/history").json()
    history = small_recommender.history("user-001")
    events = [event for basket in found["baskets"] for event in basket["events"]]
    assert found["is_known"]
    assert found["n_events"] == found["n_events_shown"] == len(events) == len(history)
    assert len(found["baskets"]) == len(np.unique(history.basket))
    times = [basket["timestamp"] for basket in found["baskets"]]
    assert times == sorted(times, reverse=True)
    number = int(events[0]["item_id"].removeprefix("item-"))
    assert events[0]["title"] == f"Thing {number}"
    assert events[0]["brand"] == f"brand-{number % 3}"
    assert events[0]["category"]
    assert events[0]["price"] > 0


def test_an_unknown_customer_has_no_history(client) -> None:
    found = client.get("/users/nobody/history").json()
    assert (found["is_known"], found["n_events"], found["baskets"]) == (False, 0, [])


@pytest.mark.parametrize("stage", ["full", "retrieval"])
def test_the_list_is_the_recommender_s_with_details(client, small_recommender: Recommender, stage: str) -> None:
    """Of either stage, with the filters of the API, and what moved each item when asked."""
    parameters = {"stage": stage, "limit": 5, "category": "Food", "explain": True}
    found = client.get("/users/user-001/list", params=parameters).json()
    wanted = small_recommender.recommend(Query("user-001", limit=5, categories=("Food",), stage=stage))
    assert [item["item_id"] for item in found["items"]] == [item.item_id for item in wanted.items]
    assert all(item["category"].startswith("Food") and item["title"] for item in found["items"])
    assert all(bool(item["contributions"]) == (stage == "full") for item in found["items"])
    assert found["warnings"] == []


def test_a_loaded_bundle_is_asked_by_its_version(client, small_recommender: Recommender) -> None:
    """The published one by name gives what it gives without; one that is not loaded is refused with those that are."""
    version = small_recommender.version
    plain = client.get("/users/user-001/list").json()
    assert client.get("/users/user-001/list", params={"version": version}).json() == plain
    assert plain["model_version"] == version
    refused = client.get("/users/user-001/list?version=other")
    assert (refused.status_code, refused.json()["code"]) == (422, "UNKNOWN_VERSION")
    assert version in refused.json()["detail"]
