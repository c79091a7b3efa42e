"""Lists for an item."""

from collections.abc import Callable

import httpx
import pytest

Serve = Callable[..., httpx.Client]
KINDS = ("similar", "bought-together")


def ids(answer: httpx.Response) -> list[str]:
    """The items of a list."""
    assert answer.status_code == 200
    return [one["item_id"] for one in answer.json()["items"]]


def is_even(item: str) -> bool:
    """Of which half of the shop an item is."""
    return int(item.removeprefix("item-")) % 2 == 0


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_goes_with_those_of_its_half(client: httpx.Client, kind: str) -> None:
    """Even items with even ones, odd with odd, never with itself; each with a reason."""
    for number in (2, 33):
        answer = client.get(f"/items/item-{number:03}/{kind}?limit=10&titles=true")
        found = ids(answer)
        assert (len(found), f"item-{number:03}" in found) == (10, False)
        assert sum(is_even(item) == (number % 2 == 0) for item in found) >= 9
        body = answer.json()
        assert (body["item_id"], body["source"], body["warnings"]) == (f"item-{number:03}", "related", [])
        assert body["items"][0]["title"].startswith("Thing")
        assert {"filler", "popular"}.isdisjoint(body["items"][0]["reasons"])


def test_the_two_differ(client: httpx.Client) -> None:
    """They ask other sources."""
    assert ids(client.get("/items/item-002/similar")) != ids(client.get("/items/item-002/bought-together"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("item", ["item-002", "unheard-of"])
def test_filters_hold_for_what_is_found_and_for_what_fills(client: httpx.Client, kind: str, item: str) -> None:
    """Only of the category, only in stock, and as many as asked for where there are enough."""
    found = ids(client.get(f"/items/{item}/{kind}", params={"category": "Food", "in_stock": True, "limit": 20}))
    assert len(found) == 20
    assert all(int(one.removeprefix("item-")) % 4 in {0, 1} for one in found)  # every fourth is of Fruit, or of Bakery
    assert all(int(one.removeprefix("item-")) % 10 != 9 for one in found)


def test_an_unknown_item_gets_what_is_popular(client: httpx.Client) -> None:
    """And is told."""
    body = client.get("/items/unheard-of/similar").json()
    assert (body["source"], body["warnings"][0]) == ("popular", "The item is unknown: the list holds what is popular.")


def test_pages_follow_one_another_and_lists_are_kept(client: httpx.Client) -> None:
    """The second page goes on where the first one ends; the cache knows both kinds apart."""
    whole = ids(client.get("/items/item-004/similar?limit=20"))
    assert ids(client.get("/items/item-004/similar?limit=10&offset=10")) == whole[10:]
    assert client.get("/items/item-004/similar?limit=20").headers["x-cache"] == "hit"
    assert client.get("/items/item-004/bought-together?limit=20").headers["x-cache"] == "miss"


def test_ids_are_as_shops_write_them(client: httpx.Client) -> None:
    """With slashes and spaces; too long is refused; the key is wanted."""
    assert client.get("/items/a/b%20c/similar").json()["item_id"] == "a/b c"
    assert client.get(f"/items/{'a' * 257}/similar").status_code == 422


def test_the_key_is_wanted(serve: Serve) -> None:
    """As for other lists."""
    assert serve(api_key="sesame").get("/items/item-002/similar").status_code == 401
