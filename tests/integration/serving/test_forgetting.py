"""DELETE /users/{id}: no list knows of the user any more."""

import time
from collections.abc import Callable

import httpx

from data.log.sqlite_journal import SqliteJournal
from shortlist.home import Home

Serve = Callable[..., httpx.Client]
USER = "user-001"


def asked(client: httpx.Client, path: str = "") -> dict[str, object]:
    """The user's list."""
    return client.get(f"/recommendations/{USER}{path}").json()


def test_the_user_is_unknown_from_the_answer_on(serve: Serve, small_home: Home) -> None:
    """Also where the list was kept, and what is in the journal of the user goes; others' lists stay."""
    client = serve()
    event = {"item_id": "item-003", "event_type": "purchase"}
    client.post("/events", json=[event | {"user_id": USER}, event | {"user_id": "user-002"}])
    other = client.get("/recommendations/user-002").json()["items"]
    assert asked(client)["source"] == "personalized"
    answer = client.delete(f"/users/{USER}")
    receipt = answer.json()
    assert (answer.status_code, receipt["journal"], receipt["is_waiting"]) == (202, 1, True)
    assert USER not in answer.text
    assert asked(client)["source"] == "popular"
    assert asked(client, "?scenario=buy_again")["items"] == []
    assert client.get("/recommendations/user-002").json()["items"] == other
    reader = SqliteJournal(small_home.journal)
    assert [USER.encode() in one.entry.content for one in reader.read_after(0, 10)] == [False]
    reader.close()
    client.post("/events", json=[event | {"user_id": USER, "item_id": "item-004"}])
    assert asked(client, "?scenario=buy_again")["items"][0]["item_id"] == "item-004"
    assert len(asked(client, "?scenario=buy_again")["items"]) == 1


def test_other_processes_know_it_soon_and_later_ones_at_once(serve: Serve) -> None:
    """What they had read of the user's events goes, too."""
    one, other = serve(), serve()
    newcomer = {"user_id": "newcomer", "item_id": "item-003", "event_type": "purchase"}
    one.post("/events", json=[newcomer])
    end = time.monotonic() + 10
    while other.get("/recommendations/newcomer").json()["source"] == "popular":
        assert time.monotonic() < end
    one.delete(f"/users/{USER}")
    one.delete("/users/newcomer")
    assert asked(serve())["source"] == "popular"
    while "personalized" in {asked(other)["source"], other.get("/recommendations/newcomer").json()["source"]}:
        assert time.monotonic() < end


def test_nobody_forgets_without_the_key(serve: Serve, small_home: Home) -> None:
    """And what cannot be kept is said."""
    client = serve(api_key="secret")
    assert client.delete(f"/users/{USER}").status_code == 401
    small_home.register.write_bytes(b"no database" * 1000)
    answer = client.delete(f"/users/{USER}", headers={"X-API-Key": "secret"})
    assert (answer.status_code, answer.json()["code"]) == (503, "REGISTER_UNAVAILABLE")


def test_the_console_does_not_show_the_user(serve: Serve) -> None:
    """Neither among the examples nor by name."""
    client = serve(console_key="console", headers={"X-Console-Key": "console"})
    first = client.get("/users?sample=heavy&n=1").json()["users"][0]["user_id"]
    client.delete(f"/users/{first}")
    assert client.get("/users?sample=heavy&n=1").json()["users"][0]["user_id"] != first
    history = client.get(f"/users/{first}/history").json()
    assert (history["n_events"], history["is_known"]) == (0, False)


def test_two_ids_become_one_user(serve: Serve) -> None:
    """What either did counts for both, live events and what the bundle knows; not the other way round."""
    client, path = serve(), "?scenario=buy_again&limit=100"
    client.post("/events", json=[{"user_id": "visitor", "item_id": "item-003", "event_type": "purchase"}])
    own = {item["item_id"] for item in asked(client, path)["items"]}
    assert client.get(f"/recommendations/visitor{path}").json()["items"][0]["item_id"] == "item-003"
    assert client.post(f"/users/{USER}/merge/visitor").json() == {"user_id": USER, "merged": "visitor"}
    for user in (USER, "visitor"):
        items = client.get(f"/recommendations/{user}{path}").json()["items"]
        assert {item["item_id"] for item in items} == own | {"item-003"}
    refused = client.post(f"/users/visitor/merge/{USER}")
    assert (refused.status_code, refused.json()["code"]) == (409, "ALREADY_MERGED")
    client.delete("/users/visitor")
    assert asked(client)["source"] == "popular"
