"""CPU seconds of the service for one uncached request: several configurations, or checkouts, in turn.

    python benchmarks/serving/cpu.py --home var-demo --config none.toml all.toml
    python benchmarks/serving/cpu.py --home var-demo --source ../before .

Starts the real service (one worker, no cache) for each way, asks for the lists of the same users one after the other,
and does so `--runs` times, the ways alternating. Exposures are written while it runs; what is written at the end of a
run is counted, too.
"""

import argparse
import http.client
import statistics
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import psutil
from service import ROOT, draw_users, machine, service

N_WARM_UP: Final = 60
WRITING_SECONDS: Final = 31.0
"""After so long a service has written what it had noted."""


def cpu_milliseconds(home: Path, users: list[str], source: Path, config: Path | None) -> float:
    """For each request, those of the whole process."""
    arguments = ["--no-cache"] if config is None else ["--no-cache", "--config", str(config.resolve())]
    with service(home, arguments, source) as (url, process):
        address = urlsplit(url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port)
        for user in users[:N_WARM_UP]:
            ask(connection, user)
        before = spent(process.pid)
        for user in users:
            ask(connection, user)
        time.sleep(WRITING_SECONDS)
        return 1_000 * (spent(process.pid) - before) / len(users)


def ask(connection: http.client.HTTPConnection, user: str) -> None:
    """Get one list."""
    connection.request("GET", f"/recommendations/{quote(user, safe='')}?limit=10")
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"the service answered {answer.status}")


def spent(process_id: int) -> float:
    """CPU seconds of a process."""
    times = psutil.Process(process_id).cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Measure each way, and print its runs and their median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("var-demo"))
    parser.add_argument("--config", type=Path, nargs="+")
    parser.add_argument("--source", type=Path, nargs="+", default=[ROOT])
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    users = (draw_users(options.home, min(options.requests, 600), 1) * options.requests)[: options.requests]
    ways = [(source, config) for source in options.source for config in options.config or [None]]
    print(machine(options.home))
    figures: dict[tuple[Path, Path | None], list[float]] = {way: [] for way in ways}
    for _ in range(options.runs):
        for source, config in ways:
            figures[source, config].append(cpu_milliseconds(options.home, users, source, config))
    for (source, config), found in figures.items():
        runs = ", ".join(f"{one:.2f}" for one in found)
        print(f"{source} {config or 'default'}: median {statistics.median(found):.3f} ms of CPU a request ({runs})")


if __name__ == "__main__":
    main()
