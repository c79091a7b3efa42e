"""What a list costs by the number of candidates: CPU of one core, for lists asked for one after the other.

    .venv/bin/python benchmarks/scale/candidates.py --home var-demo [--users 500] [--candidates 80 160 320 640]

The most candidates that a user may have, and each source's limit, are set on the bundle's models as they are read; the
numbers of candidates take turns, five rounds of the same users each, and the median round counts.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from ranking.bundling import load_recommender
from ranking.query import Query
from ranking.recommender import Recommender
from shortlist.home import Home
from shortlist.registry import Registry

ROUNDS = 5
LIMIT = 10


def main() -> None:
    """Print a row for each number of candidates."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path("var-demo"))
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--candidates", type=int, nargs="+", default=[80, 160, 320, 640])
    options = parser.parse_args()
    recommender = load_recommender(Registry(Home(options.home)).open("current"))
    known = recommender.table.users
    users = known.externals(np.random.default_rng(0).choice(len(known), min(options.users, len(known)), replace=False))
    limited = {number: with_candidates(recommender, number) for number in options.candidates}
    seconds: dict[int, list[float]] = {number: [] for number in limited}
    for _ in range(ROUNDS + 1):
        for number, one in limited.items():
            seconds[number].append(cpu_of_lists(one, users))
    print(f"bundle {recommender.version}: {len(users):,} users, lists of {LIMIT}")
    for number, rounds in seconds.items():
        each = np.array(rounds[1:]) / len(users) * 1_000  # the first round touches the pages
        print(f"{number:6d} candidates at most: {np.median(each):.2f} ms ({each.min():.2f} to {each.max():.2f})")


def with_candidates(recommender: Recommender, number: int) -> Recommender:
    """The same models with so many candidates at most, and each source's limit in proportion."""
    generator = recommender.two_stage.generator
    limits = tuple(round(limit * number / generator.max_candidates) for limit in generator.limits)
    stages = replace(recommender.two_stage, generator=replace(generator, limits=limits, max_candidates=number))
    return recommender.with_stages(stages)


def cpu_of_lists(recommender: Recommender, users: list[str]) -> float:
    """CPU seconds of a list for each user."""
    begin = time.process_time()
    for user in users:
        recommender.recommend(Query(user, limit=LIMIT))
    return time.process_time() - begin


if __name__ == "__main__":
    main()
