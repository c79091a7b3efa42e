"""A shop of any size from nothing to lists: made up, imported, trained, written in batch, and served under load.

    .venv/bin/python benchmarks/scale/large_shop.py FOLDER [--users 1000000] [--items 100000] [--rates 200 400]
        [--batch-users 20000] [--seconds 30] [--workers 2] [--config FILE] [--source CHECKOUT] [--demand]

Each step is measured once and kept in FOLDER/measured.json: a run that was broken off goes on with the next step.
FOLDER needs some 100 bytes an event while it runs, and lies outside the checkout. Memory is the largest that a command
held; of a worker, what is its own, and what is mapped of files, whose pages all workers share.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.append(str(Path(__file__).parents[1] / "serving"))

from client import closed_loop, open_loop
from cpu import cpu_milliseconds
from service import COMMAND, ROOT, draw_users, machine, service

from shortlist.home import Home
from shortlist.registry import Registry

Measured = dict[str, Any]
REQUESTS_ALONE = 2_000
CONNECTIONS = 64
CONNECTIONS_CLOSED = 32
"""Few enough that nobody who asks again at once is refused for it."""

WARM_UP_SECONDS = 5.0

AT_MOST = {
    "import": {"seconds": 1_800, "memory_mb": 16_000},
    "train": {"seconds": 3_600, "memory_mb": 16_000},
    "200 a second": {"errors": 0, "ready_seconds": 15, "own_mb": 400, "shared_mb": 6_000},
}
"""What --demand demands of the steps; and of the tastes that at least half of the items are the shoppers' own."""


def main() -> None:
    """Take the steps that are left, and print what each measured."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, step in _steps(options).items():
        kept = _kept(options.folder)
        if name not in kept:
            kept[name] = step()
            (options.folder / "measured.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
        print(f"{name}: {json.dumps(kept[name])}", flush=True)
    print(machine(options.folder / "home", options.source))
    if options.demand and (missed := list(_missed(_kept(options.folder)))):
        raise SystemExit("missed: " + "; ".join(missed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where shop, home and figures lie")
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument(
        "--rates", type=float, nargs="*", default=[200, 400], help="requests a second; none for no load"
    )
    parser.add_argument("--batch-users", type=int, default=20_000, help="who get lists in batch")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each rate")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--config", type=Path, help="of the training")
    parser.add_argument("--demand", action="store_true", help="fail where a shop of this size takes too much")
    parser.add_argument("--source", type=Path, default=ROOT, help="the checkout that is measured")
    return parser.parse_args()


def _missed(kept: dict[str, Measured]) -> Iterator[str]:
    for step, limits in AT_MOST.items():
        for name, limit in limits.items():
            if kept.get(step, {}).get(name, 0) > limit:
                yield f"{step}: {name} {kept[step][name]}, at most {limit}"
    if kept["tastes"]["own"] < 0.5:
        yield f"tastes: {kept['tastes']['own']:.1%} of the items are the shoppers' own"


def _kept(folder: Path) -> dict[str, Measured]:
    path = folder / "measured.json"
    found: dict[str, Measured] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _steps(options: argparse.Namespace) -> dict[str, Callable[[], Measured]]:
    shop, home, lists = options.folder / "shop", options.folder / "home", options.folder / "lists.parquet"
    config = [] if options.config is None else ["--config", options.config]
    files = ["--events", shop / "events", "--items", shop / "items.parquet", "--users", shop / "users"]
    size = ["--users", options.users, "--items", options.items]

    def run(*arguments: object) -> Measured:
        return _run(options.source, *arguments, "--home", home)

    return {
        "synth": lambda: run("synth", *size, "--out", shop),
        "import": lambda: run("import", *files),
        "train": lambda: run("train", *config),
        "publish": lambda: run("publish", "latest"),
        "lists": lambda: run("recommend", "--users", _some_users(options), "--k", 20, "--out", lists),
        "tastes": lambda: _tastes(run("synth", "--check", lists, "--out", shop, "--json")),
        "one after the other": lambda: _alone(options),
        **{f"{rate:g} a second": _loaded(options, rate) for rate in options.rates},
        **({"as fast as it can": _loaded(options, None)} if options.rates else {}),
    }


def _run(source: Path, *arguments: object) -> Measured:
    """Run a command: seconds, largest memory, CPU, and what it printed last."""
    start = time.perf_counter()
    command = [*COMMAND[:-1], *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(source.resolve())}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        printed = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    if status:
        raise SystemExit(f"shortlist {arguments[0]} failed")
    cpu = usage.ru_utime + usage.ru_stime
    figures = {"seconds": time.perf_counter() - start, "memory_mb": usage.ru_maxrss / 1024, "cpu_seconds": cpu}
    return {name: round(value, 1) for name, value in figures.items()} | {"printed": printed.strip()[-300:]}


def _some_users(options: argparse.Namespace) -> Path:
    path: Path = options.folder / "users.txt"
    path.write_text("\n".join(draw_users(options.folder / "home", options.batch_users, seed=1)), encoding="utf-8")
    return path


def _tastes(ran: Measured) -> Measured:
    share: Measured = json.loads(ran["printed"])
    return share


def _alone(options: argparse.Namespace) -> Measured:
    """CPU of a request of one worker without a cache, and the disk that home and bundle take."""
    home = options.folder / "home"
    users = draw_users(home, REQUESTS_ALONE, seed=4)
    bundle = Registry(Home(home)).open("current").manifest.files
    return {
        "cpu_ms": round(cpu_milliseconds(home, users, options.source, None), 3),
        "bundle_mb": round(sum(file.size_bytes for file in bundle.values()) / 2**20, 1),
        "events_mb": round(sum(file.stat().st_size for file in (home / "events").rglob("*.parquet")) / 2**20, 1),
    }


def _loaded(options: argparse.Namespace, rate: float | None) -> Callable[[], Measured]:
    def measure() -> Measured:
        n_users = max(20_000, round((rate or 1_000) * options.seconds))
        users = draw_users(options.folder / "home", n_users, seed=2)
        start = time.perf_counter()
        arguments = ("--no-cache", "--workers", str(options.workers))
        with service(options.folder / "home", arguments, options.source) as (url, process):
            closed_loop(url, users[:1], 0.1, 1)
            ready = time.perf_counter() - start
            closed_loop(url, users, WARM_UP_SECONDS, CONNECTIONS_CLOSED)
            answers = (
                closed_loop(url, users, options.seconds, CONNECTIONS_CLOSED)
                if rate is None
                else open_loop(url, users, rate, options.seconds, CONNECTIONS, seed=3)
            )
            memory = _memory(process.pid)
        p50, p90, p99 = np.percentile([taken for _, taken, _ in answers.log], [50, 90, 99])
        degraded = sum(how not in {"full", "error"} for _, _, how in answers.log)
        figures = {"ready_seconds": ready, "answered": len(answers.milliseconds) / answers.seconds}
        figures |= {"p50": p50, "p90": p90, "p99": p99, "errors": answers.errors, "not_full": degraded}
        return {name: round(float(value), 2) for name, value in (figures | memory).items()}

    return measure


def _memory(pid: int) -> dict[str, float]:
    """Of the largest process: what is its own, and what is mapped of files."""
    parent = psutil.Process(pid)
    figures = [process.memory_info() for process in (parent, *parent.children(recursive=True))]
    largest = max(figures, key=lambda one: one.rss)
    return {"own_mb": (largest.rss - largest.shared) / 2**20, "shared_mb": largest.shared / 2**20}


if __name__ == "__main__":
    main()
