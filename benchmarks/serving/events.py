"""How many events the service takes durably, and how long one waits to be acknowledged.

    python benchmarks/serving/events.py --home var-demo --workers 2 --rate 5000 --batch 100 --seconds 10

Batches are sent at Poisson moments over connections of their own; latency counts from the moment that a batch was due.
The journal is that of a copy of the published bundle.
"""

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
from reloads import two_versions
from service import draw_users, machine, service

from data.log.sqlite_journal import SqliteJournal
from shortlist.home import Home
from shortlist.registry import Registry


async def send(client: httpx.AsyncClient, due: float, batch: list[dict[str, str]], seconds: list[float]) -> int:
    """One batch; how many were acknowledged."""
    answer = await client.post("/events", json=batch)
    seconds.append(time.monotonic() - due)
    return int(answer.json()["accepted"]) if answer.status_code == 202 else 0


async def run(
    url: str, users: list[str], items: list[str], options: argparse.Namespace
) -> tuple[list[float], int, float]:
    """Latencies, acknowledged events, and how long it all took."""
    limits, seconds, tasks = httpx.Limits(max_connections=64), [], []
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30, limits=limits) as client:
        await send(client, time.monotonic(), [event(users, items)], [])
        start = due = time.monotonic()
        while due < start + options.seconds:
            due += random.expovariate(options.rate / options.batch)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            batch = [event(users, items) for _ in range(options.batch)]
            tasks.append(asyncio.create_task(send(client, due, batch, seconds)))
        acknowledged = sum(await asyncio.gather(*tasks))
    return seconds, acknowledged, time.monotonic() - start


def event(users: list[str], items: list[str]) -> dict[str, str]:
    """One view."""
    names = {"user_id": random.choice(users), "item_id": random.choice(items), "event_type": "view"}
    return names | {"event_id": uuid4().hex}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("var-demo"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=5000.0, help="events a second")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    print(machine(options.home))
    users = draw_users(options.home, 1_000, 1)
    known = Registry(Home(options.home)).open("current").ids("items")
    items = [known.external(random.randrange(len(known))) for _ in range(1_000)]
    with tempfile.TemporaryDirectory(dir=options.home.resolve().parent, prefix="events-") as folder:
        home = two_versions(options.home, Path(folder))
        with service(home.root, ("--workers", str(options.workers))) as (url, _):
            seconds, acknowledged, took = asyncio.run(run(url, users, items, options))
        journal = SqliteJournal(home.journal)
        kept = len(journal.read_after(0, 10_000_000))
        journal.close()
    p50, p99 = np.quantile(seconds, [0.5, 0.99]) * 1000
    print(f"{len(seconds)} batches of {options.batch} at {options.rate:,.0f} events a second for {options.seconds:g} s")
    print(f"{acknowledged:,} acknowledged, {acknowledged / took:,.0f} a second; {kept - 1:,} in the journal")
    print(f"from due to acknowledged: p50 {p50:.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
