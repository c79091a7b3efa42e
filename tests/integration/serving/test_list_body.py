"""Lists asked for in a body."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Serve = Callable[..., httpx.Client]


def post(client: httpx.Client, **body: Any) -> httpx.Response:
    """A list asked for in a body."""
    return client.post("/recommendations", json=body)


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({}, {}),
        ({"limit": 5, "offset": 2, "titles": True}, {"limit": 5, "offset": 2, "titles": "true"}),
        ({"category": ["Food"], "in_stock": True}, {"category": "Food", "in_stock": "true"}),
        ({"exclude": ["item-002", "item-004"]}, {"exclude": ["item-004", "item-002"]}),
        ({"session_items": ["item-002"]}, {"session_items": ["item-002"]}),
        ({"scenario": "basket"}, {"scenario": "basket"}),
    ],
)
def test_it_is_the_list_of_the_address(client: httpx.Client, body: dict[str, Any], query: dict[str, Any]) -> None:
    """The same items, from the same cache."""
    by_address = client.get("/recommendations/user-001", params=query)
    by_body = post(client, user_id="user-001", **body)
    assert (by_address.status_code, by_body.status_code) == (200, 200)
    assert by_body.json()["items"] == by_address.json()["items"]
    assert by_body.json()["warnings"] == by_address.json()["warnings"]
    assert by_body.headers["x-cache"] == "hit"


def test_there_is_room_for_thousands(client: httpx.Client) -> None:
    """Exclusions and baskets that no address would hold."""
    many = [f"gone-{number}" for number in range(4_900)] + [f"item-{number:03}" for number in range(100)]
    answer = post(client, user_id="user-001", exclude=many, limit=10)
    assert answer.status_code == 200
    assert all(int(one["item_id"].removeprefix("item-")) >= 100 for one in answer.json()["items"])
    assert post(client, user_id="anonymous", session_items=many).json()["source"] == "personalized"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user_id": ""},
        {"user_id": "u", "limit": 0},
        {"user_id": "u", "limit": "10"},
        {"user_id": "u", "exclude": "item-001"},
        {"user_id": "u", "exclude": ["a"] * 5_001},
        {"user_id": "u", "scenario": "checkout"},
        {"user_id": "u", "unknown": 1},
    ],
)
def test_a_wrong_body_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    """With the name of what is wrong."""
    answer = client.post("/recommendations", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "INVALID_PARAMETER"


@pytest.mark.parametrize(("content", "code"), [(b"{", "INVALID_PARAMETER"), (b"\x7f\xff", "INVALID_BODY")])
def test_what_is_no_json_is_refused(client: httpx.Client, content: bytes, code: str) -> None:
    """As every other mistake is."""
    answer = client.post("/recommendations", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_the_key_is_wanted(serve: Serve) -> None:
    """As for other lists."""
    assert post(serve(api_key="sesame"), user_id="u").status_code == 401
