"""PUT /items and DELETE /items/{id}: what is changed counts in the next list."""

import time
from collections.abc import Callable

import httpx
import pytest

from data.log.register import Register
from shortlist.home import Home

Serve = Callable[..., httpx.Client]
USER = "user-001"
LISTS = (
    f"/recommendations/{USER}?limit=50",
    f"/recommendations/{USER}?limit=50&scenario=trending",
    f"/recommendations/{USER}?limit=50&scenario=buy_again",
    "/recommendations/nobody?limit=50",
    "/popular?limit=50",
    "/items/item-003/similar?limit=50",
)


def shown(client: httpx.Client, path: str) -> list[str]:
    """The items of a list."""
    return [item["item_id"] for item in client.get(path).json()["items"]]


@pytest.mark.parametrize("path", LISTS)
def test_a_deleted_item_is_in_no_list_again(serve: Serve, path: str) -> None:
    """A list that was in the cache is not given any more; put back, the item is there again."""
    client = serve()
    before = shown(client, path)
    assert client.get(path).headers["x-cache"] == "hit"
    answer = client.delete(f"/items/{before[0]}")
    assert (answer.status_code, answer.json()["availability"]) == (200, "discontinued")
    assert before[0] not in shown(client, path)
    assert client.put("/items", json=[{"item_id": before[0], "availability": "in stock"}]).json()["accepted"] == 1
    assert shown(client, path) == before


def test_availability_counts_at_once(serve: Serve) -> None:
    """What is out of stock is left out of lists of what is in stock, and of no others."""
    client = serve()
    (first, *_) = shown(client, f"/recommendations/{USER}?in_stock=true")
    client.put("/items", json={"items": [{"sku": first, "in_stock": "no"}]})
    assert first not in shown(client, f"/recommendations/{USER}?in_stock=true&limit=50")
    assert first in shown(client, f"/recommendations/{USER}?limit=50")


def test_a_price_counts_at_once(serve: Serve) -> None:
    """The features are those of the new price, so the scores move."""
    client, path = serve(), f"/recommendations/{USER}?limit=50"
    before = {item["item_id"]: item["score"] for item in client.get(path).json()["items"]}
    changes = [{"item_id": item_id, "price": 10_000 if place % 2 else 0.01} for place, item_id in enumerate(before)]
    assert client.put("/items", json=changes).json() == {"accepted": len(before), "refused": []}
    after = {item["item_id"]: item["score"] for item in client.get(path).json()["items"]}
    assert after != before


def test_bad_items_are_named_and_change_nothing(serve: Serve, small_home: Home) -> None:
    """By index, code and reason; an item that the model does not know is kept for the next training."""
    records = [{"item_id": "novelty", "price": 1}, {"price": 1}, {"item_id": "item-001", "price": "much"}]
    answer = serve().put("/items", json=records).json()
    assert answer["accepted"] == 1
    assert [(one["index"], one["code"]) for one in answer["refused"]] == [(1, "MISSING_ITEM_ID"), (2, "BAD_PRICE")]
    register = Register(small_home.register)
    assert [fact.key for fact in register.waiting("item")] == ["novelty"]
    register.close()


def test_a_service_that_starts_later_knows_it(serve: Serve) -> None:
    """From its first list on, and one that runs beside soon."""
    one, other = serve(), serve()
    path = f"/recommendations/{USER}?limit=50"
    (first, *_) = shown(other, path)
    one.delete(f"/items/{first}")
    assert first not in shown(serve(), path)
    end = time.monotonic() + 10
    while first in shown(other, path):
        assert time.monotonic() < end, "the other service still shows the item"


def test_nobody_changes_items_without_the_key(serve: Serve) -> None:
    """When the service has one."""
    client = serve(api_key="secret")
    assert client.put("/items", json=[{"item_id": "a"}]).status_code == 401
    assert client.delete("/items/a").status_code == 401
    assert client.delete("/items/a", headers={"X-API-Key": "secret"}).status_code == 200


def test_a_register_that_cannot_be_written_is_said(serve: Serve, small_home: Home) -> None:
    """503, and nothing is changed."""
    small_home.register.write_bytes(b"no database" * 1000)
    answer = serve().delete("/items/item-001")
    assert (answer.status_code, answer.json()["code"]) == (503, "REGISTER_UNAVAILABLE")
