"""How often the read-out finds an effect: where there is none, read once and read daily, and where there is one.

    python benchmarks/experiments/error_rates.py --experiments 2000

Simulated customers come back over two weeks, click at a rate of their own, and pay with a heavy tail that their past
foretells. A/A: nothing differs. A/B: the variant has the effect that the planned number of customers is to find.
"""

import argparse
from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import stats

from experiments import readout
from experiments.readout import METRICS, Effect, linearised, needed_users, read_out

DAYS: Final = 14
WEIGHTS: Final = {"old": 0.5, "new": 0.5}
LOOKED_AT: Final = ("click_rate", "revenue_per_user")
POWER: Final = 0.8
EFFECT: Final = 0.2
ALPHA: Final = 0.05


def customers(n: int, rng: np.random.Generator, effect: float) -> pd.DataFrame:
    """Both variants, with the day that each customer is seen first; sums over all of the customer's lists."""
    is_new = rng.random(n) < 0.5
    lists = rng.poisson(3, n) + 1.0
    rate = np.clip(rng.beta(2, 8, n) * np.where(is_new, 1 + effect, 1.0), 0, 1)
    before = rng.lognormal(1, 1, n)
    frame = pd.DataFrame({"lists": lists, "clicked": rng.binomial(lists.astype(int), rate), "before": before})
    frame["revenue"] = before * rng.lognormal(0, 0.5, n) * np.where(is_new, 1 + effect, 1.0)
    nothing = dict.fromkeys(("carted", "bought", "failed", "degraded", "margin", "milliseconds", "diversity"), 0.0)
    frame = frame.assign(**nothing, users=1.0, requests=lists, timed=lists, compared=lists, n_variants=1)
    return frame.assign(variant=np.where(is_new, "new", "old"), day=rng.integers(0, DAYS, n))


def effects(users: pd.DataFrame) -> dict[str, Effect]:
    """The effects that are looked at, by metric."""
    return {one.metric: one for one in read_out("trial", users, WEIGHTS, "old").effects}


def looks(n: int, seed: int, effect: float) -> Iterator[dict[str, Effect]]:
    """The read-out of each evening, of the customers who were seen by then."""
    users = customers(n, np.random.default_rng(seed), effect)
    for day in range(DAYS):
        yield effects(users[users["day"] <= day])


def found(each: list[dict[str, Effect]], metric: str) -> tuple[bool, bool, bool]:
    """Whether there is an effect: at the end by the p-value; on any evening by it; on any by the interval for that.

    Where the sizes of the groups block the read-out, none is found.
    """
    last, seen = each[-1].get(metric), [one[metric] for one in each if metric in one]
    always = any(one.always_low > 0 or one.always_high < 0 for one in seen)
    return last is not None and last.p_value < ALPHA, any(one.p_value < ALPHA for one in seen), always


def planned(metric: str) -> int:
    """The customers that an effect on a metric needs, by the plan, from customers of before."""
    users = customers(20_000, np.random.default_rng(10**6), 0.0)
    mean, values = linearised(users, next(one for one in METRICS if one.name == metric))
    if metric == "revenue_per_user":
        values = readout.without_before(values, users["before"].to_numpy())
    return needed_users(mean, float(values.var(ddof=1)), EFFECT, POWER)


def share(hits: list[bool]) -> str:
    """A share with its 95 % interval (Wilson)."""
    found = stats.binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return f"{sum(hits) / len(hits):.1%} ({found.low:.1%} to {found.high:.1%})"


def main() -> None:
    """Simulate, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=2_000)
    parser.add_argument("--customers", type=int, default=1_000, help="of an A/A test")
    options = parser.parse_args()
    readout.METRICS = tuple(one for one in METRICS if one.name in LOOKED_AT)  # type: ignore[misc]
    readout.GUARDRAILS = ()  # type: ignore[misc, assignment]
    readout.BOOTSTRAP_RESAMPLES = 2  # type: ignore[misc]
    table = Table("", "customers", "p < .05 at the end", "p < .05 on any evening", "always-valid, any evening")
    rounds = range(options.experiments)
    nothing = [list(looks(options.customers, seed, 0.0)) for seed in track(rounds, "A/A")]
    for metric in LOOKED_AT:
        rows = [found(one, metric) for one in nothing]
        table.add_row(
            f"A/A, {metric}", f"{options.customers:,}", *(share(list(hits)) for hits in zip(*rows, strict=True))
        )
    for metric in LOOKED_AT:
        n = planned(metric)
        rows = [found(list(looks(n, seed, EFFECT)), metric) for seed in track(rounds, f"A/B, {metric}")]
        table.add_row(
            f"A/B {EFFECT:+.0%}, {metric}", f"{n:,}", *(share(list(hits)) for hits in zip(*rows, strict=True))
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
