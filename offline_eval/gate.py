"""Whether a new recipe may take the serving one's place: it must not be worse than it, beyond noise.

All recipes are trained until one moment and make lists for the same users, who then show what they wanted. Worse means:
less accurate than the serving recipe or the best baseline; fewer different items in all lists than the serving one; a
share of items that users had before which is further from what they then took again. Beyond noise means that the 95 %
interval of the difference between users leaves 0 out, and that it is more than another seed makes of one recipe.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from data.interactions import Interactions
from offline_eval.list_figures import n_different
from offline_eval.metrics import ndcg_at_k
from offline_eval.protocol import TestSet
from offline_eval.significance import bootstrap_intervals
from offline_eval.systems import System, checked_list
from shortlist.ids import MISSING
from shortlist.manifest import Comparison, Verdict
from shortlist.progress import Reporter

K: Final = 10
MIN_USERS: Final = 30
N_RESAMPLES: Final = 500

ACCURACY_NOISE: Final = 0.01
"""Of the rival's NDCG: what another seed of one recipe may change."""

COVERAGE_NOISE: Final = 0.1
"""Of the rival's number of different items."""

REPEAT_NOISE: Final = 0.1
"""Of a list's places; on a shop of 200 users another seed changed 0.06 (benchmarks/evaluation/gate.py)."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """One system's lists for the users of a test.

    Attributes
    ----------
    lists : ndarray of int32, shape (n_users, k)
        ``MISSING`` past a list's end.
    ndcg : ndarray of float64, shape (n_users,)
    repeats : ndarray of float64, shape (n_users,)
        The share of each list's items that its user had before.
    """

    name: str
    lists: npt.NDArray[np.int32]
    ndcg: Floats
    repeats: Floats


def measure(system: System, past: Interactions, test_set: TestSet, reporter: Reporter) -> Measured:
    """Make the lists of all users of a test, and what they are worth."""
    lists = np.full((len(test_set), K), MISSING, dtype=np.int32)
    hits, repeats = np.zeros(lists.shape, dtype=np.bool_), np.zeros(len(test_set))
    for row in reporter.track(range(len(test_set)), len(test_set), system.name):
        history = past.history(int(test_set.user_idx[row]), test_set.cut)
        found = checked_list(system, history, K, None, len(past.items))
        lists[row, : len(found)] = found
        hits[row, : len(found)] = np.isin(found, test_set.relevant(row, "overall"))
        repeats[row] = np.isin(found, history.item_idx).mean() if len(found) else 0.0
    return Measured(system.name, lists, ndcg_at_k(hits, test_set.n_relevant("overall"), K), repeats)


def judge(
    new: Measured, serving: Measured | None, baselines: Sequence[Measured], wanted_repeats: float, rng: int
) -> Verdict:
    """Compare a new recipe with the serving one, when there is one, and with the best baseline.

    Parameters
    ----------
    wanted_repeats : float
        The share of what users took that they had had before.
    """
    n_users = len(new.ndcg)
    if n_users < MIN_USERS:
        reason = f"{n_users} users have later events; fewer than {MIN_USERS} say nothing."
        return Verdict(verdict="too_few_users", reasons=(reason,), n_users=n_users)
    generator = np.random.default_rng(rng)
    rivals = [*([] if serving is None else [serving]), *_best(baselines)]
    found = [_accuracy(new, rival, generator) for rival in rivals]
    if serving is not None:
        found += [_coverage(new, serving, generator), _repeats(new, serving, wanted_repeats, generator)]
    reasons = tuple(_reason(one) for one in found if _is_worse(one))
    return Verdict(
        verdict="refused" if reasons else "passed", reasons=reasons, n_users=n_users, comparisons=tuple(found)
    )


def _best(baselines: Sequence[Measured]) -> list[Measured]:
    return [max(baselines, key=lambda one: one.ndcg.mean())] if baselines else []


def _accuracy(new: Measured, rival: Measured, generator: np.random.Generator) -> Comparison:
    difference = new.ndcg - rival.ndcg
    (low,), (high,) = bootstrap_intervals(difference[:, None], generator)
    return Comparison(
        measure="ndcg",
        rival=rival.name,
        value=float(new.ndcg.mean()),
        rival_value=float(rival.ndcg.mean()),
        difference=float(difference.mean()),
        low=float(low),
        high=float(high),
    )


def _coverage(new: Measured, rival: Measured, generator: np.random.Generator) -> Comparison:
    """Different items in all lists together."""

    def n_items(rows: npt.NDArray[np.int64]) -> tuple[float, float]:
        return n_different(new.lists[rows]), n_different(rival.lists[rows])

    return _resampled("coverage", rival.name, n_items, len(new.ndcg), generator)


def _repeats(new: Measured, rival: Measured, wanted: float, generator: np.random.Generator) -> Comparison:
    """How far the share of repeats in all lists lies from what users took."""

    def distances(rows: npt.NDArray[np.int64]) -> tuple[float, float]:
        return abs(float(new.repeats[rows].mean()) - wanted), abs(float(rival.repeats[rows].mean()) - wanted)

    return _resampled("repeats", rival.name, distances, len(new.ndcg), generator)


def _resampled(
    measure_name: str,
    rival: str,
    values: Callable[[npt.NDArray[np.int64]], tuple[float, float]],
    n_users: int,
    generator: np.random.Generator,
) -> Comparison:
    """Both values of all users, and the interval of their difference over users drawn with replacement."""
    draws = (values(generator.integers(0, n_users, n_users)) for _ in range(N_RESAMPLES))
    low, high = np.quantile([value - other for value, other in draws], [0.025, 0.975])
    value, other = values(np.arange(n_users))
    return Comparison.model_validate(
        {
            "measure": measure_name,
            "rival": rival,
            "value": value,
            "rival_value": other,
            "difference": value - other,
            "low": float(low),
            "high": float(high),
        }
    )


def _is_worse(one: Comparison) -> bool:
    if one.measure == "repeats":  # a distance: more is worse
        return one.low > 0 and one.difference > REPEAT_NOISE
    noise = ACCURACY_NOISE if one.measure == "ndcg" else COVERAGE_NOISE
    return one.high < 0 and one.difference < -noise * one.rival_value


def _reason(one: Comparison) -> str:
    interval = f"{one.difference:+.4f}, {one.low:+.4f} to {one.high:+.4f}"
    if one.measure == "ndcg":
        return f"NDCG@{K} {one.value:.4f} is below {one.rival}'s {one.rival_value:.4f} ({interval})."
    if one.measure == "coverage":
        interval = f"{one.difference:+.0f}, {one.low:+.0f} to {one.high:+.0f}"
        return f"Its lists hold {one.value:.0f} different items, {one.rival}'s {one.rival_value:.0f} ({interval})."
    return (
        f"The share of repeats in its lists is {one.value:.3f} from what users took, {one.rival}'s "
        f"{one.rival_value:.3f} ({interval})."
    )
