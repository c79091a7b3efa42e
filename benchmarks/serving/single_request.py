"""How long one request takes, asked alone: without a cache, with the cache in memory, and with the cache in Redis.

    python benchmarks/serving/single_request.py [--home var-demo] [--n 1000] [--redis URL] [--seed 1]

Starts the real service (one worker, a free port) three times, and asks one request after the other over one kept-alive
connection for users drawn from the bundle. With a cache, each user is asked for once before the clock starts, so that
what is timed is the finding of a finished list.
"""

import argparse
import contextlib
import http.client
import json
import os
import platform
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

sys.path.append(str(Path(__file__).parents[2] / "tests" / "plugins"))

from redis_server import find_redis_server, running_redis

from shortlist.home import Home
from shortlist.registry import Registry

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from pipelines.cli import main; main()", "serve")
N_WARM_UP = 50
LIMITS = """\
What this does not show: many requests at once, queueing, several workers, a network between client and service, cold
pages of the bundle, or users without a history. The client shares the machine with the service, and its own time for
sending and reading (http.client, about 0.2 ms) is part of every figure."""


def main() -> None:
    """Time the three ways and print one line for each."""
    options = _options()
    users = _users(options.home, options.n, options.seed)
    print(_machine(options.home))
    print(f"{'cache':<8} {'n':>6} {'median ms':>10} {'p95 ms':>8} {'p99 ms':>8}")
    with contextlib.ExitStack() as stack:
        ways: list[tuple[str, list[str]]] = [("none", ["--no-cache"]), ("memory", [])]
        if (url := options.redis or _redis(stack)) is not None:
            ways.append(("redis", ["--redis", url]))
        for name, arguments in ways:
            times = _time_service(options.home, arguments, users, "bypass" if name == "none" else "hit")
            print(f"{name:<8} {len(times):>6} {_line(times)}")
    if len(ways) < 3:
        print("redis: not timed; no redis-server was found. Name one with --redis.")
    print(LIMITS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, default=ROOT / "var-demo", help="a home with a published bundle")
    parser.add_argument("--n", type=int, default=1000, help="requests that are timed, for each of the three ways")
    parser.add_argument("--redis", help="a Redis to use instead of one started here")
    parser.add_argument("--seed", type=int, default=1, help="draws the users")
    return parser.parse_args()


def _redis(stack: contextlib.ExitStack) -> str | None:
    """A redis-server that runs as long as the stack is open, if there is a binary."""
    binary = find_redis_server()
    return None if binary is None else stack.enter_context(running_redis(binary)).url


def _users(home: Path, n: int, seed: int) -> list[str]:
    """Users of the published bundle, drawn at random, with repeats only when there are fewer than `n`."""
    known = Registry(Home(home)).open("current").ids("users")
    rng = random.Random(seed)
    positions = rng.sample(range(len(known)), n) if len(known) >= n else rng.choices(range(len(known)), k=n)
    return [known.external(position) for position in positions]


def _time_service(home: Path, arguments: Sequence[str], users: Sequence[str], outcome: str) -> list[float]:
    """Milliseconds of each request to a service started with these options."""
    with _service(home, arguments) as url:
        address = urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        for user_id in users if outcome == "hit" else users[:N_WARM_UP]:
            _ask(connection, user_id)
        times = []
        for user_id in users:
            start = time.perf_counter()
            found = _ask(connection, user_id)
            times.append((time.perf_counter() - start) * 1000)
            if found != outcome:
                raise SystemExit(f"a request came out as {found!r} instead of {outcome!r}; the figures would be wrong")
        connection.close()
    return times


def _ask(connection: http.client.HTTPConnection, user_id: str) -> str | None:
    connection.request("GET", f"/recommendations/{quote(user_id, safe='')}?limit=10")
    answer = connection.getresponse()
    body = json.loads(answer.read())
    if answer.status != 200 or not body["items"]:
        raise SystemExit(f"a request failed: {answer.status} {body}")
    return answer.headers["X-Cache"]


@contextlib.contextmanager
def _service(home: Path, arguments: Sequence[str]) -> Iterator[str]:
    """`shortlist serve` on a free port, as a process of its own."""
    command = [*COMMAND, "--home", str(home), "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        try:
            first = process.stdout.readline() if process.stdout else ""
            match = re.match(r"Serving (http://\S+) ", first)
            if match is None:
                raise SystemExit(f"the service did not start; try: shortlist serve --home {home}")
            yield match[1]
        finally:
            process.send_signal(signal.SIGTERM)


def _line(times: Sequence[float]) -> str:
    centiles = statistics.quantiles(times, n=100, method="inclusive")
    return f"{statistics.median(times):>10.2f} {centiles[94]:>8.2f} {centiles[98]:>8.2f}"


def _machine(home: Path) -> str:
    """What the figures were taken on and from."""
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()
    version = Registry(Home(home)).current()
    data = Registry(Home(home)).open("current").manifest.data
    return (
        f"{os.cpu_count()} CPUs, {_processor()}; Python {platform.python_version()}; commit {commit or 'unknown'}\n"
        f"bundle {version}: {data.n_users:,} users, {data.n_items:,} items, {data.n_events:,} events"
    )


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


if __name__ == "__main__":
    main()
