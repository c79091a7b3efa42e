"""`shortlist show`: what is known of a user, and the list that comes of it."""

from datetime import UTC, datetime
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from data.interactions import EVENT_TYPES
from pipelines.options import config_option, exits, home_option, json_option, print_json
from ranking.bundling import load_recommender
from ranking.query import Query, Recommendation
from ranking.recommender import Recommender
from shortlist.home import Home
from shortlist.registry import Registry


@click.command("show")
@click.argument("user")
@click.option("--k", type=click.IntRange(1, 1_000), default=10, show_default=True, help="Items of the list.")
@click.option("--events", "n_events", type=click.IntRange(1, 10_000), default=10, show_default=True, help="Events.")
@click.option("--version", default="current", show_default=True, help="A version's name, `latest` or `current`.")
@home_option
@config_option
@json_option
@exits
def show_command(
    user: str, k: int, n_events: int, version: str, home: Home, config_path: object, *, as_json: bool
) -> None:
    """Show USER's newest events beside the user's list, with titles and reasons."""
    recommender = load_recommender(Registry(home).open(version))
    events = newest_events(recommender, user, n_events)
    found = recommender.recommend(Query(user, limit=k, titles=True))
    if as_json:
        print_json({"user_id": user, "version": recommender.version, "events": events, **_list(found)})
    else:
        _print(user, recommender, events, found)


def newest_events(recommender: Recommender, user_id: str, n: int) -> list[dict[str, Any]]:
    """The newest `n` events of a user that a bundle knows, the newest first; none of an unknown one."""
    history = recommender.history(user_id)
    order = np.argsort(-history.timestamp, kind="stable")[:n]
    return [
        {
            "timestamp": datetime.fromtimestamp(int(history.timestamp[row]), UTC).isoformat(),
            "event_type": str(EVENT_TYPES[history.event_type[row]]),
            "item_id": recommender.table.items.external(int(history.item_idx[row])),
            "title": recommender.attributes.titles.at(int(history.item_idx[row])),
            "price": float(history.price[row]) if history.price[row] > 0 else None,
        }
        for row in order
    ]


def _list(found: Recommendation) -> dict[str, Any]:
    items = [
        {"item_id": one.item_id, "rank": one.rank, "score": one.score, "title": one.title, "reasons": list(one.reasons)}
        for one in found.items
    ]
    return {"source": found.source, "degraded": found.degraded, "items": items, "warnings": list(found.warnings)}


def _print(user: str, recommender: Recommender, events: list[dict[str, Any]], found: Recommendation) -> None:
    console = Console(highlight=False)
    n_events = len(recommender.history(user))
    console.print(f"{user}: {n_events:,} events; model {recommender.version}; the list is {found.source}")
    past = Table("when (UTC)", "what", "item", "price", title=f"newest {len(events)} of {n_events:,} events")
    for event in events:
        price = "" if event["price"] is None else f"{event['price']:.2f}"
        past.add_row(event["timestamp"][:16], event["event_type"], _named(event["item_id"], event["title"]), price)
    listed = Table("rank", "item", "why", title="list")
    for item in found.items:
        listed.add_row(str(item.rank), _named(item.item_id, item.title), ", ".join(item.reasons))
    for part in (past, listed, *found.warnings):
        console.print(part)


def _named(item_id: str, title: str | None) -> str:
    return item_id if title is None else f"{title} ({item_id})"
