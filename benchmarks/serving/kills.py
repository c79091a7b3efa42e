"""Kill commands and workers at random moments, and look each time whether anything is broken.

A service with two workers runs on a copy of the home all the while. Each round kills one of: a training, a publication,
a roll-back, a retraining, a worker. Then the home must be readable, its events those of the beginning, one version must
serve from every worker, and the next command must leave nothing behind. Rounds are kept, and taken up again.

    python benchmarks/serving/kills.py --home var-demo --n 200 --out kills.jsonl
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from service import service

from data.log.fingerprint import events_fingerprint
from data.store import read_events
from pipelines.publishing import publish, rollback
from pipelines.retraining import retrain
from pipelines.settings import Config, read_config
from pipelines.training import train
from pipelines.upkeep import examine_home, tidy
from shortlist.home import Home
from shortlist.progress import SilentReporter
from shortlist.registry import Registry

PATIENCE_SECONDS = 60.0
ANSWERS_IN_A_ROW = 20


@dataclass(frozen=True)
class Shop:
    """A home, what its events were at first, and the service that answers from it."""

    home: Home
    events: Path
    url: str
    pid: int


def commands(home: Home, config: Config) -> dict[str, Callable[[], object]]:
    """What is killed, by name; a worker is killed otherwise."""
    return {
        "train": lambda: train(home, config, SilentReporter()),
        "publish": lambda: publish(home, another_version(home)),
        "rollback": lambda: rollback(home),
        "retrain": lambda: retrain(home, config, SilentReporter(), test_days=14, is_forced=True),
    }


def another_version(home: Home) -> str:
    """A version that does not serve, so that a roll-back has somewhere to go."""
    registry = Registry(home)
    return random.choice([one.version for one in registry.versions() if one.version != registry.current()])


def forked(work: Callable[[], object]) -> int:
    """Do some work in a process of its own, so that this one stays free of the threads of libraries."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        code = 1
        try:
            work()
            code = 0
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    return pid


def killed_after(work: Callable[[], object], seconds: float) -> bool:
    """Start some work and kill it after so long; whether it was still running."""
    pid = forked(work)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return False
        time.sleep(0.005)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def note_events(home: Home, path: Path) -> None:
    """Keep what the events are."""
    path.write_text(events_fingerprint(read_events(home)))


def check_home(home: Home, path: Path) -> None:
    """Raise unless everything in the home is as it should be after the next command."""
    tidy(home)
    for finding in examine_home(home):
        if finding.state != "fine":
            raise AssertionError(f"{finding.subject}: {finding.found}")
    if events_fingerprint(read_events(home)) != path.read_text():
        raise AssertionError("the events are not those of the beginning")
    for manifest in Registry(home).versions():
        Registry(home).open(manifest.version)


def check_service(url: str, home: Home) -> str | None:
    """Wait until every answer in a row is of the version that the home names; what is wrong when that does not come."""
    deadline, in_a_row, seen = time.monotonic() + PATIENCE_SECONDS, 0, Counter[str]()
    while in_a_row < ANSWERS_IN_A_ROW:
        if time.monotonic() > deadline:
            return f"the service does not come to answer from {Registry(home).current()}: {dict(seen)}"
        try:
            answer = httpx.get(f"{url}/popular", trust_env=False, timeout=PATIENCE_SECONDS)
            found = answer.headers.get("x-model-version", str(answer.status_code))
        except httpx.TransportError as error:
            found = type(error).__name__
        seen[found] += 1
        in_a_row = in_a_row + 1 if found == Registry(home).current() else 0
    return None


def kill_worker(parent: int) -> bool:
    """Kill one of the processes that answer."""
    workers = [one for one in psutil.Process(parent).children() if "serving.worker" in " ".join(one.cmdline())]
    if not workers:
        return False
    random.choice(workers).kill()
    return True


@contextmanager
def copied(home: Path) -> Iterator[Home]:
    """A copy of a home, with the events, the bundles and what is published."""
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        yield Home(Path(shutil.copytree(home, Path(folder) / "home")))


def durations(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """How long each command takes when nobody kills it, in seconds."""
    measured = {}
    for name, work in works.items():
        start = time.monotonic()
        if os.waitpid(forked(work), 0)[1] != 0:
            raise SystemExit(f"{name} fails by itself")
        measured[name] = time.monotonic() - start
    return measured


def one_round(name: str, work: Callable[[], object] | None, seconds: float, shop: Shop) -> dict[str, Any]:
    """Kill a command after so long, or a worker where there is none, and say what came of it."""
    was_running = kill_worker(shop.pid) if work is None else killed_after(work, seconds)
    is_sound = os.waitpid(forked(lambda: check_home(shop.home, shop.events)), 0)[1] == 0
    problem = check_service(shop.url, shop.home) if is_sound else "the home; the line above says what of it"
    return {"what": name, "seconds": round(seconds, 3), "killed": was_running, "problem": problem}


def make_room(home: Home) -> None:
    """Keep the newest bundles only, and those that are needed."""
    registry = Registry(home)
    for old in registry.versions()[:-6]:
        if old.version not in {registry.current(), registry.previous()}:
            shutil.rmtree(registry.folder(old.version))


def run(home: Home, config: Config, n: int, rounds: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rounds that are left."""
    works = commands(home, config)
    long, events = durations(works), home.root.with_name("fingerprint")
    os.waitpid(forked(lambda: note_events(home, events)), 0)
    with service(home.root, ("--workers", "2")) as (url, process):
        shop = Shop(home, events, url, process.pid)
        for number in range(len(rounds), n):
            name = [*works, "worker"][number % (len(works) + 1)]
            yield one_round(name, works.get(name), random.uniform(0.0, long.get(name, 0.0)), shop)
            make_room(home)


def main() -> None:
    """Kill, check, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("var-demo"))
    parser.add_argument("--config", type=Path)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="where rounds are kept; what it holds is not run again")
    options = parser.parse_args()
    random.seed(options.seed)
    lines = options.out.read_text().splitlines() if options.out.exists() else []
    rounds = [json.loads(line) for line in lines]
    with copied(options.home) as home:
        for one in run(home, read_config(options.config), options.n, rounds):
            rounds.append(one)
            with options.out.open("a") as out:
                out.write(json.dumps(one) + "\n")
    killed, broken = Counter(one["what"] for one in rounds if one["killed"]), [one for one in rounds if one["problem"]]
    print(f"{len(rounds)} rounds, {killed.total()} killed {dict(killed)}, {len(broken)} broken")
    print("\n".join(json.dumps(one) for one in broken))
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
