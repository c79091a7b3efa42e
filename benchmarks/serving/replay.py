"""What live events are worth: the last days of a log, replayed through HTTP against a model that has not seen them.

    shortlist train --home HOME --until TIME && shortlist publish latest --home HOME
    python benchmarks/serving/replay.py --home HOME

Before each basket the customer's list is asked for, then the basket's events are sent. The same model's lists without
any of them are asked for before everything else. NDCG@10 of each basket, its mean for each customer, and the paired
difference over customers. The journal is that of a copy of the published bundle.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
from reloads import two_versions
from service import machine, service

from data.interactions import SECONDS_PER_HOUR, to_seconds
from data.store import read_events
from offline_eval.metrics import ndcg_at_k
from offline_eval.significance import estimate_mean, paired_comparison
from shortlist.columns import EVENT_TYPE, ITEM_ID, SESSION_ID, TIMESTAMP, USER_ID, EventType
from shortlist.home import Home
from shortlist.registry import Registry

K = 10
MOST_EVENTS = 1_000


@dataclass(frozen=True)
class Basket:
    """A customer's events of one session, or hour."""

    user_id: str
    events: list[dict[str, Any]]
    wanted: frozenset[str]


@dataclass
class Scores:
    """NDCG@10 of each customer's baskets."""

    live: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    without: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def baskets_of(home: Home, days: int) -> list[Basket]:
    """The baskets that began after the bundle's data ended, by their beginning."""
    end = Registry(home).open("current").manifest.data.end
    events = read_events(home, until=end + timedelta(days=days))
    events = events[events[TIMESTAMP] >= end].reset_index(drop=True)
    hour = pd.Series(to_seconds(events[TIMESTAMP]) // SECONDS_PER_HOUR, events.index).astype("str")
    groups = events.groupby([events[USER_ID], events[SESSION_ID].fillna(hour)], sort=False)
    return [_basket(str(user), rows) for (user, _), rows in groups]


def _basket(user_id: str, rows: pd.DataFrame) -> Basket:
    names = [USER_ID, ITEM_ID, EVENT_TYPE, SESSION_ID]
    records = rows[names].assign(**{TIMESTAMP: rows[TIMESTAMP].map(pd.Timestamp.isoformat)}).to_dict("records")
    events = [{str(name): value for name, value in one.items() if not pd.isna(value)} for one in records]
    bought = rows.loc[rows[EVENT_TYPE] == str(EventType.PURCHASE), ITEM_ID]
    return Basket(user_id, events, frozenset(bought))


def rounds_of(baskets: list[Basket]) -> Iterator[list[Basket]]:
    """Stretches of the log in which each customer has at most one basket, so that one request can hold their events."""
    stretch: list[Basket] = []
    for basket in baskets:
        n_events = sum(len(one.events) for one in stretch) + len(basket.events)
        if n_events > MOST_EVENTS or basket.user_id in {one.user_id for one in stretch}:
            yield stretch
            stretch = []
        stretch.append(basket)
    yield stretch


def replay(url: str, baskets: list[Basket]) -> Scores:
    """Ask, compare, send."""
    scores = Scores()
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        first = {user: list_of(client, user) for user in dict.fromkeys(basket.user_id for basket in baskets)}
        for stretch in rounds_of(baskets):
            for basket in (one for one in stretch if one.wanted):
                shown = list_of(client, basket.user_id)
                scores.live[basket.user_id].append(ndcg(shown, basket.wanted))
                scores.without[basket.user_id].append(ndcg(first[basket.user_id], basket.wanted))
            events = [event for basket in stretch for event in basket.events][:MOST_EVENTS]
            refused = client.post("/events", json=events).json()["refused"]
            if refused:
                raise SystemExit(f"{len(refused)} events were refused: {refused[0]}")
    return scores


def list_of(client: httpx.Client, user_id: str) -> list[str]:
    """A customer's list now."""
    answer = client.get("/recommendations/" + user_id, params={"limit": K}).json()
    return [item["item_id"] for item in answer["items"]]


def ndcg(shown: list[str], wanted: frozenset[str]) -> float:
    """NDCG@10 of one list."""
    hits = np.zeros((1, K), dtype=np.bool_)
    hits[0, : len(shown)] = [item in wanted for item in shown]
    return float(ndcg_at_k(hits, np.array([len(wanted)]), K)[0])


def report(scores: Scores) -> None:
    """Over all customers, and over the baskets that are not a customer's first, which alone can differ."""
    for name, start in (("all baskets", 0), ("from the second basket on", 1)):
        users = [user for user, values in scores.live.items() if len(values) > start]
        live, without = (
            np.array([np.mean(of_system[user][start:]) for user in users])
            for of_system in (scores.live, scores.without)
        )
        found, value = paired_comparison(live, without, 1), estimate_mean(live, 1)
        print(
            f"{name}: {len(users):,} customers, NDCG@{K} live {value.mean:.4f}, without {without.mean():.4f}, "
            f"difference {found.difference:+.4f} ({found.low:+.4f} to {found.high:+.4f}), p {found.p_value:.4f}"
        )


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("var-demo"))
    parser.add_argument("--days", type=int, default=14)
    options = parser.parse_args()
    baskets = baskets_of(Home(options.home), options.days)
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        home = two_versions(options.home, Path(folder))
        with service(home.root, ("--no-cache",)) as (url, _):
            scores = replay(url, baskets)
    print(f"{len(baskets):,} baskets; {machine(options.home)}")
    report(scores)


if __name__ == "__main__":
    main()
