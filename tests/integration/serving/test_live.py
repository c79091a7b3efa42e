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
