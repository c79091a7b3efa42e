"""What a customer does shows in the next list."""

from collections.abc import Callable

import httpx

Serve = Callable[..., httpx.Client]


def items(client: httpx.Client, user: str) -> list[str]:
    """A user's list."""
    answer = client.get(f"/recommendations/{user}?limit=10")
    assert answer.status_code == 200
    return [one["item_id"] for one in answer.json()["items"]]


def send(client: httpx.Client, user: str, *numbers: int, kind: str = "purchase") -> None:
    """A user's events, now."""
    events = [{"user_id": user, "item_id": f"item-{number:03}", "event_type": kind} for number in numbers]
    assert client.post("/events", json=events).json()["accepted"] == len(numbers)


def is_even(item: str) -> bool:
    """Of which half of the shop an item is."""
    return int(item.removeprefix("item-")) % 2 == 0


def test_a_newcomer_gets_what_their_first_items_go_with(serve: Serve) -> None:
    """Popular at first; even items after two even ones, odd ones after odd."""
    client = serve()
    before = client.get("/recommendations/new-1").json()
    assert before["source"] == "popular"
    send(client, "new-1", 2, 4)
    send(client, "new-2", 3, 5)
    after = client.get("/recommendations/new-1")
    assert (after.json()["source"], after.headers["x-cache"]) == ("personalized", "miss")
    assert sum(map(is_even, items(client, "new-1"))) >= 8
    assert sum(map(is_even, items(client, "new-2"))) <= 2


def test_a_list_in_the_cache_is_of_before(serve: Serve) -> None:
    """Each event makes a new list; without one the list is the one that was kept; others keep theirs."""
    client = serve()
    for user in ("user-000", "user-001"):
        client.get(f"/recommendations/{user}?limit=10")
    before = items(client, "user-000")
    numbers = [number for number in range(0, 118, 2) if f"item-{number:03}" not in before]
    send(client, "user-000", *numbers[:5])
    assert client.get("/recommendations/user-000?limit=10").headers["x-cache"] == "miss"
    assert items(client, "user-000") != before
    assert client.get("/recommendations/user-000?limit=10").headers["x-cache"] == "hit"
    assert client.get("/recommendations/user-001?limit=10").headers["x-cache"] == "hit"


def session(client: httpx.Client, user: str, *numbers: int, **more: object) -> httpx.Response:
    """A list for a visitor with some items in the basket."""
    items = [f"item-{number:03}" for number in numbers]
    return client.get(f"/recommendations/{user}", params={"session_items": items, "limit": 10, **more})


def test_a_visitor_has_a_list_from_the_first_item(client: httpx.Client) -> None:
    """Of the half of the shop that the items are of; nothing of them is kept, and unknown items are no matter."""
    for numbers in ((2,), (3, 5)):
        body = session(client, "anonymous", *numbers).json()
        assert (body["source"], body["warnings"]) == ("personalized", [])
        n_even = sum(is_even(one["item_id"]) for one in body["items"])
        assert n_even >= 8 if is_even(f"item-{numbers[0]}") else n_even <= 2
    assert client.get("/recommendations/anonymous").json()["source"] == "popular"
    unknown = client.get("/recommendations/anonymous?session_items=unheard-of").json()
    assert (unknown["source"], len(unknown["items"])) == ("popular", 10)


def test_a_session_follows_what_is_known(client: httpx.Client) -> None:
    """It changes the list, its order counts, and it is part of the key under which lists are kept."""
    plain = client.get("/recommendations/user-000?limit=10")
    first = session(client, "user-000", 2, 4, 6)
    assert first.json()["items"] != plain.json()["items"]
    assert first.headers["x-cache"] == "miss"
    assert session(client, "user-000", 2, 4, 6).headers["x-cache"] == "hit"
    assert session(client, "user-000", 6, 4, 2).headers["x-cache"] == "miss"


def test_filters_hold_for_sessions(client: httpx.Client) -> None:
    """As for any list; fifty items are enough."""
    items = session(client, "anonymous", 2, category="Home").json()["items"]
    assert all(int(one["item_id"].removeprefix("item-")) % 4 in {2, 3} for one in items)
    assert session(client, "anonymous", *range(50)).status_code == 200
    assert session(client, "anonymous", *range(51)).status_code == 422


def test_an_anonymous_visit_is_a_user_of_its_own(serve: Serve) -> None:
    """By its session, from its first event; merged into the customer who logs in, it is the customer's."""
    client = serve()
    event = {"user_id": "Anonymous", "event_type": "purchase"}
    events = [event | {"item_id": "item-002", "session_id": "s1"}, event | {"item_id": "item-003", "session_id": "s2"}]
    assert client.post("/events", json=[*events, event | {"item_id": "item-004"}]).json()["accepted"] == 2

    def bought(user: str, **query: str) -> list[str]:
        body = client.get(f"/recommendations/{user}", params={"scenario": "buy_again", **query}).json()
        assert body["user_id"] == user
        return [item["item_id"] for item in body["items"]]

    assert bought("anonymous", session_id="s1") == ["item-002"]
    assert bought("anonymous", session_id="s2") == ["item-003"]
    assert bought("anonymous") == bought("anonymous", session_id="s3") == []
    assert bought("newcomer", session_id="s1") == []
    body = {"user_id": "anonymous", "session_id": "s1", "scenario": "buy_again"}
    assert client.post("/recommendations", json=body).json()["items"][0]["item_id"] == "item-002"
    client.post("/users/newcomer/merge/anonymous:s1")
    assert bought("newcomer") == ["item-002"]


def test_without_consent_nothing_of_a_request_is_kept(serve: Serve) -> None:
    """The list is the same, and not in the cache."""
    client = serve()
    first = client.get("/recommendations/user-000?consent=false")
    assert first.headers["x-cache"] == "bypass"
    again = client.get("/recommendations/user-000")
    assert again.headers["x-cache"] == "miss"
    assert again.json()["items"] == first.json()["items"]
    body = {"user_id": "user-000", "consent": False}
    assert client.post("/recommendations", json=body).headers["x-cache"] == "bypass"
