"""How many requests the service answers, and how soon: at constant rates, and as fast as it can.

    python benchmarks/serving/load.py [--home var-demo] [--workers 1 2] [--cache none memory redis]
        [--users uniform zipf] [--rates 250 500 1000] [--seconds 20] [--tutorial] [--out FILE]

Each line is a service started for it: `closed` asks over 32 connections as fast as answers come, a rate asks at
Poisson moments, and latency counts from the moment that a request was due. With `--out`, a line that the file holds is
not measured again. `--tutorial` adds what a tutorial would have a shop write (benchmarks/serving/tutorial.py).
`--source` measures another checkout with the same load.
"""

import argparse
import contextlib
import itertools
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from client import Answers, closed_loop, open_loop
from service import ROOT, commit, draw_users, machine, redis_url, service
from tutorial_data import tutorial_service

CONNECTIONS_OPEN, CONNECTIONS_CLOSED = 64, 32
WARM_UP_SECONDS, FILLING_SECONDS = 3.0, 12.0
"""Before a line; the second where there is a cache, so that what is drawn often lies in it."""

N_USERS = 20_000
ZIPF_EXPONENT = 1.1
COLUMNS = {
    "p50": "7.2f",
    "p90": "7.2f",
    "p95": "7.2f",
    "p99": "7.2f",
    "p99.9": "7.2f",
    "errors": "7.0f",
    "hits": "7.1%",
    "cpu_ms": "7.2f",
    "rss_mb": "7.0f",
    "pss_mb": "7.0f",
}
"""What is measured, and how it is written; latencies in milliseconds, CPU of all processes for an answer."""

HEADER = f"{'service':<10} {'workers':>7} {'cache':<6} {'users':<7} {'asked/s':>8} {'answered/s':>10} " + " ".join(
    f"{name:>7}" for name in COLUMNS
)


def main() -> None:
    """Measure every combination and print one line for each."""
    options = _options()
    print(machine(options.home, options.source))
    print(HEADER)
    known = {json.dumps(row["case"], sort_keys=True): row for row in _rows(options.out)}
    with contextlib.ExitStack() as stack:
        redis = redis_url(stack) if "redis" in options.cache else None
        for case in _cases(options):
            row = known.get(json.dumps(case, sort_keys=True)) or {"case": case, **_measured(options, case, redis)}
            print(_line(row), flush=True)
            if options.out is not None and json.dumps(case, sort_keys=True) not in known:
                with options.out.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(row) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=ROOT / "var-demo", help="a home with a published bundle")
    parser.add_argument("--source", type=Path, default=ROOT, help="the checkout whose service is measured")
    parser.add_argument("--workers", type=int, nargs="+", default=[2])
    parser.add_argument("--cache", nargs="+", choices=["none", "memory", "redis"], default=["none", "memory"])
    parser.add_argument("--users", nargs="+", choices=["uniform", "zipf"], default=["uniform"])
    parser.add_argument("--rates", type=float, nargs="*", default=[250, 500])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each line")
    parser.add_argument("--tutorial", action="store_true", help="the tutorial's service too")
    parser.add_argument("--out", type=Path, help="a file of lines already measured, to go on with")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _rows(out: Path | None) -> list[dict[str, Any]]:
    if out is None or not out.exists():
        return []
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def _cases(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    same = {"commit": commit(options.source), "home": str(options.home), "seconds": options.seconds}
    every = itertools.product(options.workers, options.cache, options.users, [*options.rates, None])
    for workers, cache, users, rate in every:
        yield same | {"service": "shortlist", "workers": workers, "cache": cache, "users": users, "rate": rate}
    if options.tutorial:
        case = {"service": "tutorial", "workers": max(options.workers), "cache": "none", "users": "uniform"}
        yield same | case | {"rate": None}


def _measured(options: argparse.Namespace, case: dict[str, Any], redis: str | None) -> dict[str, Any]:
    users = _users(options, case["users"])
    if case["service"] == "tutorial":
        with tutorial_service(options.home, case["workers"]) as (url, process):
            return _load(url, process, users, case, options)
    cache = {"none": ["--no-cache"], "memory": [], "redis": ["--redis", redis or "redis://127.0.0.1:6379/0"]}
    arguments = ["--workers", str(case["workers"]), *cache[case["cache"]]]
    with service(options.home, arguments, options.source) as (url, process):
        return _load(url, process, users, case, options)


def _users(options: argparse.Namespace, kind: str) -> list[str]:
    """Users in the order in which they are asked for: each as often, or the k-th ``1 / k ** 1.1`` as often."""
    drawn = draw_users(options.home, N_USERS, options.seed)
    if kind == "uniform":
        return drawn
    distinct = list(dict.fromkeys(drawn))
    weights = [1 / place**ZIPF_EXPONENT for place in range(1, len(distinct) + 1)]
    return random.Random(options.seed).choices(distinct, weights, k=N_USERS)


def _load(
    url: str, process: subprocess.Popen[str], users: list[str], case: dict[str, Any], options: argparse.Namespace
) -> dict[str, Any]:
    closed_loop(url, users, WARM_UP_SECONDS if case["cache"] == "none" else FILLING_SECONDS, CONNECTIONS_CLOSED)
    before = _cpu_seconds(process.pid)
    if case["rate"] is None:
        answers = closed_loop(url, users, options.seconds, CONNECTIONS_CLOSED)
    else:
        answers = open_loop(url, users, case["rate"], options.seconds, CONNECTIONS_OPEN, options.seed)
    used = _cpu_seconds(process.pid) - before
    return _summary(answers, used) | _memory(process.pid)


def _summary(answers: Answers, cpu_seconds: float) -> dict[str, float]:
    times = np.array(answers.milliseconds) if answers.milliseconds else np.array([np.nan])
    centiles = {f"p{q:g}": float(np.percentile(times, q)) for q in (50, 90, 95, 99, 99.9)}
    n = len(answers.milliseconds)
    return centiles | {
        "answered": n / answers.seconds,
        "errors": answers.errors,
        "hits": answers.hits / max(n, 1),
        "cpu_ms": 1000 * cpu_seconds / max(n, 1),
    }


def _processes(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def _cpu_seconds(pid: int) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _processes(pid))


def _memory(pid: int) -> dict[str, float]:
    """Of the largest process: a worker."""
    figures = [process.memory_full_info() for process in _processes(pid)]
    return {"rss_mb": max(one.rss for one in figures) / 2**20, "pss_mb": max(one.pss for one in figures) / 2**20}


def _line(row: dict[str, Any]) -> str:
    case = row["case"]
    asked = "closed" if case["rate"] is None else f"{case['rate']:g}"
    named = f"{case['service']:<10} {case['workers']:>7} {case['cache']:<6} {case['users']:<7} {asked:>8}"
    return f"{named} {row['answered']:>10.1f} " + " ".join(f"{row[name]:{form}}" for name, form in COLUMNS.items())


if __name__ == "__main__":
    main()
