"""The shop window: a customer's lists as a shop would show them, and what becomes of them with every click."""

import asyncio
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qs, quote
from uuid import uuid4

from console.client import Exchange, ServiceClient

SHELVES: Final = {
    "home": "For you",
    "buy_again": "Buy again",
    "recently_viewed": "Recently viewed",
    "trending": "Trending",
    "new": "New",
}
"""The scenarios that are always on the page, and their headings."""

SHELF_ITEMS: Final = 6
MAX_BASKET: Final = 20
EVENT_TYPES: Final = {"view": "view", "add": "add_to_cart", "drop": "remove_from_cart"}
"""By the button; none has the name of a method of a form, which scripts would find in its place."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item as the page knows it: its title is its id where the catalogue has none."""

    item_id: str
    title: str

    @property
    def token(self) -> str:
        """The item as a form's field holds it."""
        return json.dumps([self.item_id, self.title])

    @classmethod
    def read(cls, token: str) -> "Item":
        """Read such a field. Raises ``ValueError`` for anything else."""
        parts = json.loads(token)
        if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(one, str) and one for one in parts):
            raise ValueError("a field holds no item")
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor has done on the page: the item that is open, and the basket."""

    basket: tuple[Item, ...] = ()
    opened: Item | None = None


@dataclass(frozen=True, slots=True)
class Click:
    """One press of a button: the visit that comes of it, and the events that a shop would send."""

    visit: Visit
    events: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A list under its heading."""

    heading: str
    items: Sequence[tuple[Item, Sequence[str]]]
    exchange: Exchange


def form_token(key: str) -> str:
    """What a form must bring, so that no other page can press its buttons."""
    return hmac.new(key.encode(), b"shop window", "sha256").hexdigest()


def read_click(body: str, user_id: str, token: str) -> Click:
    """What a form says. Raises ``ValueError`` for one that the page has not made."""
    form = parse_qs(body)
    if not hmac.compare_digest(form.get("token", [""])[0], token):
        raise ValueError("the form is not of this console: open the page again")
    visit = Visit(tuple(Item.read(one) for one in form.get("basket", []))[:MAX_BASKET], _opened(form))
    nonce = form.get("nonce", [uuid4().hex])[0]
    for name in EVENT_TYPES:
        if name in form:
            item = Item.read(form[name][0])
            return Click(_after(visit, name, item), [_event(user_id, item, EVENT_TYPES[name], nonce)])
    bought = [_event(user_id, item, "purchase", nonce) for item in visit.basket] if "buy" in form else []
    return Click(replace(visit, basket=()) if bought else visit, bought)


async def shelves_of(client: ServiceClient, user_id: str, visit: Visit) -> list[Shelf]:
    """Every list of the page, those about the open item and the basket first; lists without an item are left out."""
    calls = [*_about_item(visit), *_about_basket(user_id, visit), *_always(user_id)]
    found = await asyncio.gather(*(client.ask(path, parameters) for _, path, parameters in calls))
    shelves = [_shelf(heading, exchange) for (heading, _, _), exchange in zip(calls, found, strict=True)]
    return [shelf for shelf in shelves if shelf.items]


Call = tuple[str, str, list[tuple[str, str]]]
_TITLED: Final = [("limit", str(SHELF_ITEMS)), ("titles", "true")]


def _about_item(visit: Visit) -> list[Call]:
    if visit.opened is None:
        return []
    path, title = f"/items/{quote(visit.opened.item_id, safe='')}", visit.opened.title
    return [
        (f"Like {title}", f"{path}/similar", _TITLED),
        (f"Bought with {title}", f"{path}/bought-together", _TITLED),
    ]


def _about_basket(user_id: str, visit: Visit) -> list[Call]:
    session = [("session_items", item.item_id) for item in visit.basket]
    parameters = [("scenario", "basket"), *session, *_TITLED]
    return [("Goes with the basket", _list_path(user_id), parameters)] if session else []


def _always(user_id: str) -> list[Call]:
    return [(heading, _list_path(user_id), [("scenario", name), *_TITLED]) for name, heading in SHELVES.items()]


def _list_path(user_id: str) -> str:
    return f"/recommendations/{quote(user_id, safe='')}"


def _shelf(heading: str, exchange: Exchange) -> Shelf:
    items = [
        (Item(one["item_id"], one["title"] or one["item_id"]), one["reasons"]) for one in exchange.content["items"]
    ]
    return Shelf(heading, items, exchange)


def _opened(form: Mapping[str, list[str]]) -> Item | None:
    return Item.read(form["opened"][0]) if "opened" in form else None


def _after(visit: Visit, name: str, item: Item) -> Visit:
    others = tuple(one for one in visit.basket if one.item_id != item.item_id)
    if name == "add":
        return replace(visit, basket=(*others, item)[-MAX_BASKET:])
    return replace(visit, basket=others) if name == "drop" else replace(visit, opened=item)


def _event(user_id: str, item: Item, event_type: str, nonce: str) -> dict[str, str]:
    """An event with an id, so that a page that is loaded again sends none twice."""
    identity = f"{nonce}-{event_type}-{item.item_id}"
    return {"event_id": identity, "user_id": user_id, "item_id": item.item_id, "event_type": event_type}


def example_of(exchange: Exchange) -> dict[str, Any]:
    """A call as the page shows it: how long it took, and its answer."""
    return {
        "method": exchange.method,
        "path": exchange.path,
        "body": "" if exchange.body is None else json.dumps(exchange.body, indent=2, ensure_ascii=False),
        "answer": json.dumps(exchange.content, indent=2, ensure_ascii=False),
        "milliseconds": exchange.milliseconds,
        "cache": exchange.cache,
    }
