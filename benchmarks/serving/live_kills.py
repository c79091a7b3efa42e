"""Kill workers that take events, drains and forgettings at random moments, and look each time whether anything is lost.

A service with two workers runs on a copy of the home all the while. Each round sends events and kills one of: a worker
meanwhile, a drain, the forgetting of a user. Then a drain runs to its end, and the event store must hold each
acknowledged event once, none that was never sent, and none of a forgotten user; and the home must be whole. Rounds are
kept, and taken up again on a fresh copy.

    python benchmarks/serving/live_kills.py --home var-demo --n 200 --out live_kills.jsonl
"""

import argparse
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
from kills import PATIENCE_SECONDS, copied, forked, kill_worker, killed_after
from service import service

from data.forgetting import begin_forgetting, finish_forgetting
from data.searching import find_mentions
from data.settings import DataConfig
from data.store import read_events
from pipelines.draining import drain
from pipelines.upkeep import examine_home, tidy
from shortlist.columns import EVENT_ID
from shortlist.home import Home
from shortlist.progress import SilentReporter

LONGEST: Final = {"ingest": 0.6, "drain": 0.6, "forget": 0.25}
"""About as long does each take, in seconds."""

KINDS: Final = tuple(LONGEST)
BATCHES: Final = 5
BATCH: Final = 20


@dataclass
class Ledger:
    """What was sent: events by user, those acknowledged, and who is forgotten."""

    users: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)

    def wanted(self) -> set[str]:
        """The events that must be there."""
        return {one for one in self.acknowledged if self.users[one] not in self.forgotten}

    def possible(self) -> set[str]:
        """The events that may be there."""
        return {one for one, user in self.users.items() if user not in self.forgotten}


def send(url: str, ledger: Ledger, items: list[str]) -> None:
    """Send batches one behind the other; one without an answer may have been kept or not."""
    for _ in range(BATCHES):
        events = []
        for _ in range(BATCH):
            event_id, user = f"kill-{len(ledger.users)}", f"visitor-{random.randrange(10**9)}"
            ledger.users[event_id] = user
            events.append(
                {"event_id": event_id, "user_id": user, "item_id": random.choice(items), "event_type": "view"}
            )
        try:
            answer = httpx.post(f"{url}/events", json=events, trust_env=False, timeout=PATIENCE_SECONDS)
        except httpx.TransportError:
            continue
        if answer.status_code == 202 and answer.json()["accepted"] == BATCH:
            ledger.acknowledged |= {event["event_id"] for event in events}


def send_while(url: str, ledger: Ledger, items: list[str], meanwhile: Callable[[], bool]) -> bool:
    """Send, and do something else at the same time."""
    sender = threading.Thread(target=send, args=(url, ledger, items))
    sender.start()
    done = meanwhile()
    sender.join()
    return done


def check(home: Home, ledger: Ledger, last_forgotten: str | None) -> None:
    """Raise unless everything is as it should be when the next commands have run."""
    tidy(home)
    finish_forgetting(home)
    drain(home, DataConfig(), SilentReporter())
    for finding in examine_home(home):
        if finding.state != "fine":
            raise AssertionError(f"{finding.subject}: {finding.found}")
    ids = read_events(home, columns=[EVENT_ID])[EVENT_ID].dropna()
    found = Counter(one for one in ids if one.startswith("kill-"))
    problems = {
        "lost": ledger.wanted() - found.keys(),
        "doubled": {one for one, count in found.items() if count > 1},
        "never sent, or forgotten": found.keys() - ledger.possible(),
    }
    for what, events in problems.items():
        if events:
            raise AssertionError(f"{len(events)} events {what}, such as {min(events)}")
    if last_forgotten is not None and any(not one.is_hidden for one in find_mentions(home, last_forgotten)):
        raise AssertionError(f"{last_forgotten} is named still")


def forget(home: Home, user: str) -> None:
    """Forget a user."""
    begin_forgetting(home, user, datetime.now(UTC))
    finish_forgetting(home)


def one_round(kind: str, home: Home, ledger: Ledger, url: str, pid: int, items: list[str]) -> dict[str, Any]:
    """Kill one thing at a random moment, and say what came of it."""
    seconds, user = random.uniform(0.0, LONGEST[kind]), None
    if kind == "ingest":
        killed = send_while(url, ledger, items, lambda: time.sleep(seconds) is None and kill_worker(pid))
    elif kind == "drain":
        send(url, ledger, items)
        killed = killed_after(lambda: drain(home, DataConfig(), SilentReporter()), seconds)
    else:
        send(url, ledger, items)
        user = ledger.users[random.choice(sorted(ledger.wanted()))]
        killed = killed_after(lambda: forget(home, user), seconds)
        os.waitpid(forked(lambda: forget(home, user)), 0)  # who had no receipt asks again
        ledger.forgotten.add(user)
    is_sound = os.waitpid(forked(lambda: check(home, ledger, user)), 0)[1] == 0
    return {
        "what": kind,
        "seconds": round(seconds, 3),
        "killed": killed,
        "events": len(ledger.users),
        "sound": is_sound,
    }


def run(home: Home, n: int, rounds: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rounds that are left."""
    ledger = Ledger()
    with service(home.root, ("--workers", "2")) as (url, process):
        answer = httpx.get(f"{url}/popular?limit=50", trust_env=False, timeout=PATIENCE_SECONDS)
        items = [item["item_id"] for item in answer.json()["items"]]
        for number in range(len(rounds), n):
            yield one_round(KINDS[number % len(KINDS)], home, ledger, url, process.pid, items)


def main() -> None:
    """Kill, check, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("var-demo"))
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="where rounds are kept; what it holds is not run again")
    options = parser.parse_args()
    random.seed(options.seed)
    lines = options.out.read_text().splitlines() if options.out.exists() else []
    rounds = [json.loads(line) for line in lines]
    with copied(options.home) as home:
        for one in run(home, options.n, rounds):
            rounds.append(one)
            with options.out.open("a") as out:
                out.write(json.dumps(one) + "\n")
    killed, broken = (
        Counter(one["what"] for one in rounds if one["killed"]),
        [one for one in rounds if not one["sound"]],
    )
    print(f"{len(rounds)} rounds, {killed.total()} killed {dict(killed)}, {len(broken)} broken")
    print("\n".join(json.dumps(one) for one in broken))
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
