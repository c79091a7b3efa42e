"""Lists for very many users: how fast, and how much memory, at two numbers of users.

    .venv/bin/python benchmarks/batch/many_users.py --users 100000

Makes a shop of so many users in a temporary folder, imports it, trains on it, and runs `shortlist recommend` for a
fifth of the users and for all. Memory is bounded when the second run needs hardly more than the first.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

SHORTLIST = Path(sys.executable).with_name("shortlist")
TREES = "[ranking]\nmax_trees = 100\n"


def make_events(n_users: int, n_items: int, events_per_user: int, seed: int) -> pd.DataFrame:
    """Purchases over 200 days: popularity falls with the square root of its rank, a third of them are repeats."""
    rng = np.random.default_rng(seed)
    n = n_users * events_per_user
    weight = 1 / np.sqrt(np.arange(1, n_items + 1))
    user = np.repeat(np.arange(n_users), events_per_user)
    item = rng.choice(n_items, size=n, p=weight / weight.sum())
    repeats = np.flatnonzero((rng.random(n) < 1 / 3) & (np.arange(n) % events_per_user > 0))
    item[repeats] = item[repeats - 1]
    seconds = rng.integers(0, 200 * 86_400, size=n)
    return pd.DataFrame(
        {
            "user_id": np.char.add("u", user.astype(str)),
            "item_id": np.char.add("p", item.astype(str)),
            "timestamp": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(seconds, unit="s"),
            "event_type": "purchase",
        }
    )


def run(*arguments: str | Path) -> tuple[float, float]:
    """Run `shortlist`; return its seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen([SHORTLIST, *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"shortlist {arguments[0]} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and print one JSON object for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--events-per-user", type=int, default=10)
    given = parser.parse_args()
    machine = f"{os.cpu_count()} CPUs, {platform.processor() or platform.machine()}, Python {platform.python_version()}"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        make_events(given.users, given.items, given.events_per_user, 1).to_parquet(work / "events.parquet")
        (work / "config.toml").write_text(TREES)
        home = ("--home", work / "home")
        run("import", "--events", work / "events.parquet", *home)
        run("train", *home, "--config", work / "config.toml")
        run("publish", "latest", *home)
        for n_users in (given.users // 5, given.users):
            (work / "users.txt").write_text("\n".join(f"u{number}" for number in range(n_users)))
            seconds, megabytes = run("recommend", "--users", work / "users.txt", "--out", work / "lists.parquet", *home)
            result = {
                "n_users": n_users,
                "seconds": round(seconds, 1),
                "users_per_second": round(n_users / seconds),
                "peak_mb": round(megabytes),
                "machine": machine,
            }
            print(json.dumps(result))
    print("Not shown: long histories (these users have few events) and catalogues of 100,000 items, which cost more.")


if __name__ == "__main__":
    main()
