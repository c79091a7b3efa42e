"""Publish and roll back under load, and see when each change has reached every worker, and whether an answer fails.

    python benchmarks/serving/reloads.py --home var-demo --n 200 --rate 100 --workers 2

A change is complete with the last answer of the version before. Every answer must be whole, and its header and body
must name one version. The two versions are the published bundle and a copy of it under another name.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from service import draw_users, machine, service

from pipelines.publishing import publish, rollback
from shortlist.home import Home
from shortlist.registry import Registry

OTHER = "20200101T000000-aaaaaaaa"
SETTLED_SECONDS = 1.0
PATIENCE_SECONDS = 30.0


@dataclass
class Seen:
    """Answers so far: when each came, of which version, and what was wrong."""

    moments: list[tuple[float, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def last_of_others(self, version: str, since: float) -> float:
        """When the last answer of another version came, `since` when there was none."""
        return max((moment for moment, found in self.moments if found != version and moment >= since), default=since)


def two_versions(home: Path, folder: Path) -> Home:
    """A home with hard links to the published bundle, under its own name and another."""
    source, copy = Home(home), Home(folder / "home")
    version = Registry(source).resolve("current")
    for name in (version, OTHER):
        target = copy.bundles / name
        shutil.copytree(source.bundles / version, target, copy_function=_link)
        manifest = target / "manifest.json"
        content = manifest.read_text().replace(version, name)
        manifest.unlink()
        manifest.write_text(content)
    Registry(copy).publish(version)
    return copy


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


async def load(url: str, users: list[str], rate: float, seen: Seen, done: asyncio.Event) -> None:
    """Ask at Poisson moments until told to stop."""
    limits, tasks = httpx.Limits(max_connections=32), set()
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS, limits=limits) as client:
        due = time.monotonic()
        while not done.is_set():
            due += random.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(ask(client, random.choice(users), seen))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)


async def ask(client: httpx.AsyncClient, user: str, seen: Seen) -> None:
    """One request, looked at."""
    try:
        answer = await client.get(f"/recommendations/{user}")
    except httpx.TransportError as error:
        seen.problems.append(f"{type(error).__name__}: {error}")
        return
    if answer.status_code != 200:
        seen.problems.append(f"{answer.status_code}: {answer.text[:200]}")
        return
    version, body = answer.headers["x-model-version"], answer.json()
    if body["model_version"] != version or len(body["items"]) != 10:
        seen.problems.append(f"mixed or short: {version}, {body['model_version']}, {len(body['items'])} items")
    seen.moments.append((time.monotonic(), version))


async def change(home: Home, number: int, seen: Seen) -> float:
    """Publish or roll back; after how many seconds the last worker had changed."""
    work = (lambda: publish(home, OTHER)) if number % 2 == 0 else (lambda: rollback(home))
    version = (await asyncio.to_thread(work)).version
    start = time.monotonic()
    while True:
        await asyncio.sleep(0.1)
        last = seen.last_of_others(version, start)
        if time.monotonic() - last > SETTLED_SECONDS:
            del seen.moments[:-1000]
            return last - start
        if time.monotonic() - start > PATIENCE_SECONDS:
            raise SystemExit(f"{version} has not reached every worker after {PATIENCE_SECONDS} s")


async def run(url: str, home: Home, users: list[str], options: argparse.Namespace) -> tuple[list[float], Seen]:
    """All changes, and what was seen meanwhile."""
    seen, done = Seen(), asyncio.Event()
    loading = asyncio.create_task(load(url, users, options.rate, seen, done))
    await asyncio.sleep(2.0)
    seconds = []
    for number in range(options.n):
        seconds.append(await change(home, number, seen))
        print(f"{number + 1:4} {seconds[-1]:.2f} s  {len(seen.problems)} problems", file=sys.stderr, flush=True)
    done.set()
    await loading
    return seconds, seen


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("var-demo"))
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print(machine(options.home))
    users = draw_users(options.home, 1_000, 1)
    with tempfile.TemporaryDirectory(dir=options.home.resolve().parent, prefix="reloads-") as folder:
        home = two_versions(options.home, Path(folder))
        with service(home.root, ("--workers", str(options.workers))) as (url, _):
            seconds, seen = asyncio.run(run(url, home, users, options))
    print(f"{len(seconds)} changes: median {np.median(seconds):.2f} s, longest {max(seconds):.2f} s until every worker")
    print(f"{len(seen.problems)} answers failed, were short, or mixed versions")
    print("\n".join(seen.problems[:20]))
    sys.exit(bool(seen.problems) or max(seconds) > 5.0)


if __name__ == "__main__":
    main()
