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
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

from service import ROOT, draw_users, machine, redis_url, service

N_WARM_UP = 50
LIMITS = """\
What this does not show: many requests at once, queueing, several workers, a network between client and service, cold
pages of the bundle, or users without a history. The client shares the machine with the service, and its own time for
sending and reading (http.client, about 0.2 ms) is part of every figure."""


def main() -> None:
    """Time the three ways and print one line for each."""
    options = _options()
    users = draw_users(options.home, options.n, options.seed)
    print(machine(options.home))
    print(f"{'cache':<8} {'n':>6} {'median ms':>10} {'p95 ms':>8} {'p99 ms':>8}")
    with contextlib.ExitStack() as stack:
        ways: list[tuple[str, list[str]]] = [("none", ["--no-cache"]), ("memory", [])]
        if (url := options.redis or redis_url(stack)) is not None:
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


def _time_service(home: Path, arguments: Sequence[str], users: Sequence[str], outcome: str) -> list[float]:
    """Milliseconds of each request to a service started with these options."""
    with service(home, arguments) as (url, _):
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


def _line(times: Sequence[float]) -> str:
    centiles = statistics.quantiles(times, n=100, method="inclusive")
    return f"{statistics.median(times):>10.2f} {centiles[94]:>8.2f} {centiles[98]:>8.2f}"


if __name__ == "__main__":
    main()
