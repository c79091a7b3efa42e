"""What the console asks of a bundle: customers to look at, their histories as baskets, and what their items are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from data.interactions import EVENT_TYPES, History
from ranking.recommender import Recommender
from shortlist.ids import MISSING

Sample = Literal["heavy", "light", "lapsed"]

MAX_EVENTS: Final = 300
"""The newest so many events of a customer are shown."""

LAPSED_MIN_EVENTS: Final = 10


def sample_customers(recommender: Recommender, kind: Sample, n: int) -> list[dict[str, Any]]:
    """Customers of a kind, ready for JSON; costs O(n_users).

    ``heavy`` have the most events, ``light`` the fewest, the newest first among equals; ``lapsed`` have at least
    `LAPSED_MIN_EVENTS` and were away the longest. Fewer where the bundle has fewer.
    """
    table = recommender.table
    counts = np.diff(table.user_offsets)
    active = np.flatnonzero(counts)
    last = table.timestamps(table.user_offsets[active + 1] - 1)
    ordered = (_customer(recommender, int(user)) for user in active[_order(kind, counts[active], last)])
    known = (one for one in ordered if not recommender.stored.is_forgotten(one["user_id"]))
    return list(islice(known, n))


def history_of(recommender: Recommender, user_id: str) -> dict[str, Any]:
    """What a bundle knows of a customer, the newest basket first, ready for JSON."""
    history = recommender.history(user_id)
    shown = slice(max(len(history) - MAX_EVENTS, 0), len(history))
    return {
        "user_id": user_id,
        "is_known": recommender.stored.of(user_id) is not None,
        "model_version": recommender.version,
        "n_events": len(history),
        "n_events_shown": shown.stop - shown.start,
        "baskets": list(_baskets(recommender, history, shown)),
    }


def item_details(recommender: Recommender, item_idx: int) -> dict[str, Any]:
    """An item as the catalogue has it; null where it says nothing."""
    attributes = recommender.attributes
    category, price = int(attributes.category[item_idx]), float(attributes.price[item_idx])
    return {
        "item_id": recommender.table.items.external(item_idx),
        "title": attributes.titles.at(item_idx),
        "category": None if category == MISSING else attributes.categories.external(category),
        "brand": attributes.brands.at(int(attributes.brand[item_idx])),
        "price": price if price > 0 else None,
        "is_available": bool(attributes.available[item_idx]),
    }


def _order(kind: Sample, counts: npt.NDArray[np.integer], last: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The positions of the customers of a kind, the best example first."""
    if kind == "heavy":
        return np.argsort(-counts, kind="stable")
    if kind == "light":
        return np.lexsort((-last, counts))
    fits = np.flatnonzero(counts >= LAPSED_MIN_EVENTS)
    return fits[np.argsort(last[fits], kind="stable")]


def _customer(recommender: Recommender, user_idx: int) -> dict[str, Any]:
    table = recommender.table
    start, end = table.user_offsets[user_idx], table.user_offsets[user_idx + 1]
    return {
        "user_id": table.users.external(user_idx),
        "n_events": int(end - start),
        "last_event": _iso(int(table.timestamps(slice(end - 1, end))[0])),
    }


def _baskets(recommender: Recommender, history: History, shown: slice) -> Iterator[dict[str, Any]]:
    """Events of one basket together, the newest first."""
    rows = np.arange(shown.start, shown.stop)
    basket = history.basket[rows]
    for number in np.unique(basket)[::-1]:
        of_basket = rows[basket == number]
        yield {
            "timestamp": _iso(int(history.timestamp[of_basket[0]])),
            "events": [_event(recommender, history, int(row)) for row in of_basket],
        }


def _event(recommender: Recommender, history: History, row: int) -> dict[str, Any]:
    paid = float(history.price[row])
    return {
        **item_details(recommender, int(history.item_idx[row])),
        "price": paid if paid > 0 else None,
        "event_type": str(EVENT_TYPES[history.event_type[row]]),
    }


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
