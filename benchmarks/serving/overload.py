"""What becomes of requests when twice as many come as can be answered, and how soon all is as before.

    python benchmarks/serving/overload.py [--home var-demo] [--workers 1] [--times 2] [--seconds 15] [--source CHECKOUT]

First over 32 connections as fast as answers come: the capacity. Then that, times `--times`, at Poisson moments over 512
connections, and a quarter of the capacity for five seconds. Latency counts from the moment that a request was due.
"""

import argparse
from pathlib import Path

import numpy as np
from client import Answers, at_moments, closed_loop, poisson
from service import ROOT, draw_users, machine, service

CONNECTIONS, CLOSED_CONNECTIONS = 512, 32
AFTERWARDS = 5.0
NORMAL_MS = 50.0


def main() -> None:
    """Measure and print one line for each way of being answered."""
    options = _options()
    print(machine(options.home, options.source))
    users = draw_users(options.home, 20_000, seed=1)
    with service(options.home, ("--no-cache", "--workers", str(options.workers)), options.source) as (url, _):
        closed_loop(url, users, 3.0, CLOSED_CONNECTIONS)
        measured = closed_loop(url, users, 5.0, CLOSED_CONNECTIONS)
        capacity = len(measured.milliseconds) / measured.seconds
        rate = capacity * options.times
        print(f"capacity {capacity:.0f} a second; {rate:.0f} a second for {options.seconds:g} s")
        load = poisson(rate, options.seconds, seed=2)
        after = [options.seconds + moment for moment in poisson(capacity / 4, AFTERWARDS, seed=3)]
        answers = at_moments(url, users, [*load, *after], CONNECTIONS)
    _print(answers, options.seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=ROOT / "var-demo", help="a home with a published bundle")
    parser.add_argument("--source", type=Path, default=ROOT, help="the checkout whose service is measured")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--times", type=float, default=2.0, help="how many times the capacity")
    parser.add_argument("--seconds", type=float, default=15.0)
    return parser.parse_args()


def _print(answers: Answers, seconds: float) -> None:
    start = min(due for due, _, _ in answers.log)
    log = [(due - start, taken, how) for due, taken, how in answers.log]
    print(f"{'answered':<10} {'requests':>8} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}")
    for how in ("full", "stage_one", "popular", "refused", "error"):
        taken = [one for due, one, other in log if other == how and due < seconds]
        if taken:
            p50, p99, most = np.quantile(taken, [0.5, 0.99, 1.0])
            print(f"{how:<10} {len(taken):>8,} {p50:>8.1f} {p99:>8.1f} {most:>8.1f}")
    late = [due - seconds for due, taken, how in log if due >= seconds and (how != "full" or taken > NORMAL_MS)]
    print(f"normal (in full, within {NORMAL_MS:g} ms) {max(late, default=0.0):.2f} s after the load's end")


if __name__ == "__main__":
    main()
