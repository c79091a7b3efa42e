"""Whether a variant is better than the control: effects with intervals that can be trusted, or the reason why not.

One value for each user and metric; a ratio of sums, such as clicks by lists, is made one by the delta method: users,
not lists, were drawn, so users are what varies (Deng, Knoblich and Lu, "Applying the Delta Method in Metric
Analytics", KDD 2018).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from data.log.exposures import FAILED
from experiments.outcomes import MARGIN, REVENUE, USER

CONFIDENCE: Final = 0.95
MISMATCH_P: Final = 0.001
"""Below this p-value of the sample sizes nothing is said of effects: something else than the draw chose the users."""

BEST_AT_USERS: Final = 5_000
"""At about so many users the always-valid interval is as narrow as it can be."""

LEAST_SPREAD: Final = 1e-9
"""Of the largest value: numbers whose spread is less differ by rounding alone."""

BOOTSTRAP_RESAMPLES: Final = 2_000

SEGMENT_WARNING: Final = (
    "Segments: the more parts are looked at, the more of them differ by chance. A part that stands out is a question "
    "for the next experiment, and no verdict of this one."
)

Values = npt.NDArray[np.float64]


class Metric(NamedTuple):
    """``sum(numerator) / sum(denominator)`` over users."""

    name: str
    numerator: str
    denominator: str


METRICS: Final = (
    Metric("click_rate", "clicked", "lists"),
    Metric("cart_rate", "carted", "lists"),
    Metric("conversion_rate", "bought", "lists"),
    Metric("revenue_per_list", REVENUE, "lists"),
    Metric("revenue_per_user", REVENUE, "users"),
    Metric("margin_per_user", MARGIN, "users"),
)
HEAVY_TAILED: Final = frozenset({"revenue_per_list", "revenue_per_user", "margin_per_user"})
GUARDRAILS: Final = (
    Metric("error_rate", "failed", "requests"),
    Metric("degraded_rate", "degraded", "lists"),
    Metric("milliseconds", "milliseconds", "timed"),
    Metric("diversity", "diversity", "compared"),
)
"""What a variant must not make worse: errors, lists of less quality, time, and how different a list's items are."""

SUMS: Final = ("requests", "lists", "clicked", "carted", "bought", "failed", "degraded", "timed", "compared")
MEASURES: Final = (REVENUE, MARGIN, "milliseconds", "diversity")


@dataclass(frozen=True, slots=True)
class Effect:
    """A variant beside the control, in one metric.

    Attributes
    ----------
    segment : str
        Which users it is of; empty for all.
    n_users : int
        Of both.
    value, control, difference : float
    low, high, p_value : float
        Of the difference: 95 % interval and two-sided p-value, Welch.
    adjusted_p : float
        The p-value with all metrics, variants and segments of a kind in view: Benjamini and Hochberg, 1995.
    always_low, always_high : float
        The 95 % interval that holds at every look, for those who stop when they like what they see.
    bootstrap_low, bootstrap_high : float or None
        The percentile interval, for metrics with a heavy tail.
    """

    metric: str
    variant: str
    segment: str
    n_users: int
    value: float
    control: float
    difference: float
    low: float
    high: float
    p_value: float
    adjusted_p: float
    always_low: float
    always_high: float
    bootstrap_low: float | None = None
    bootstrap_high: float | None = None


@dataclass(frozen=True, slots=True)
class ReadOut:
    """All that is known of an experiment.

    Attributes
    ----------
    users : dict of str to int
        By variant.
    n_moved : int
        Users who were seen in several variants, since the file was changed meanwhile; they are left out.
    mismatch_p : float
        The p-value of the sizes under the weights (chi-squared).
    blocked : str or None
        Why nothing is said of effects.
    """

    experiment: str
    users: dict[str, int]
    n_moved: int
    mismatch_p: float
    blocked: str | None
    effects: tuple[Effect, ...] = ()
    guardrails: tuple[Effect, ...] = ()
    segments: tuple[Effect, ...] = ()


def users_of(outcomes: pd.DataFrame, experiment: str, before: Mapping[str, float] | None = None) -> pd.DataFrame:
    """One row for each user of an experiment: the variant, sums of what became of the lists, and what was before.

    Parameters
    ----------
    before : mapping of str to float, optional
        The revenue of users before the experiment, by pseudonym; 0 for the others.
    """
    named = outcomes.explode("assignments")
    is_of = named["assignments"].fillna("").str.startswith(f"{experiment}:")
    mine = named[is_of & named[USER].notna()]
    is_list = mine["source"] != FAILED
    rows = mine.assign(
        variant=mine["assignments"].astype("str").str.removeprefix(f"{experiment}:"),
        requests=1.0,
        lists=is_list,
        failed=~is_list,
        clicked=mine["clicks"] > 0,
        carted=mine["carts"] > 0,
        bought=mine["purchases"] > 0,
        degraded=mine["degraded"].notna(),
        timed=mine["milliseconds"].notna(),
        compared=mine["diversity"].notna(),
        **{name: mine[name].fillna(0.0) for name in MEASURES},
    )
    by_user = rows.groupby(USER)
    sums = by_user[[*SUMS, *MEASURES]].sum().astype("float64")
    found = sums.assign(users=1.0, variant=by_user["variant"].first())
    found["n_variants"] = by_user["variant"].nunique()
    found["before"] = [0.0 if before is None else before.get(str(user), 0.0) for user in found.index]
    return found


def read_out(
    experiment: str,
    users: pd.DataFrame,
    weights: Mapping[str, float],
    control: str,
    segments: Mapping[str, str] | None = None,
) -> ReadOut:
    """Compare every variant with the control.

    Parameters
    ----------
    users : DataFrame
        As `users_of` gives them.
    weights : mapping of str to float
        The share of each variant, the control's too.
    segments : mapping of str to str, optional
        Which part of the users each one is in, by what was known before the experiment.
    """
    settled = users[(users["n_variants"] == 1) & users["variant"].isin(list(weights))]
    counts = {name: int((settled["variant"] == name).sum()) for name in weights}
    n_moved, p = len(users) - len(settled), mismatch_p(list(counts.values()), list(weights.values()))
    blocked = _blocked(counts, p)
    if blocked is not None:
        return ReadOut(experiment, counts, n_moved, p, blocked)
    measured = [metric for metric in METRICS if metric.numerator != MARGIN or settled[MARGIN].any()]
    effects = _adjusted(_effects(settled, measured, control))
    guardrails = _adjusted(_effects(settled, GUARDRAILS, control))
    parts = settled.groupby(settled.index.map(segments)) if segments else ()
    of_segments = [_effects(part, measured, control, str(name)) for name, part in parts]
    return ReadOut(
        experiment, counts, n_moved, p, None, effects, guardrails, _adjusted(chain.from_iterable(of_segments))
    )


def _effects(users: pd.DataFrame, metrics: Iterable[Metric], control: str, segment: str = "") -> Iterator[Effect]:
    """Each metric of each variant that can be compared: both sides have users, and something to divide by."""
    groups = dict(iter(users.groupby("variant")))
    theirs = groups.pop(control, None)
    for metric in metrics:
        for name, ours in groups.items():
            if theirs is not None and all(_is_enough(group, metric) for group in (ours, theirs)):
                yield _effect(metric, str(name), ours, theirs, segment)


def _is_enough(group: pd.DataFrame, metric: Metric) -> bool:
    return len(group) > 1 and bool(group[metric.denominator].sum() > 0)


def _adjusted(raw: Iterable[Effect]) -> tuple[Effect, ...]:
    found = list(raw)
    p_values = stats.false_discovery_control([one.p_value for one in found]) if found else ()
    return tuple(replace(one, adjusted_p=float(p)) for one, p in zip(found, p_values, strict=True))


def mismatch_p(counts: list[int], weights: list[float]) -> float:
    """The p-value of sample sizes under their weights: Fabijan et al., "Diagnosing Sample Ratio Mismatch", KDD 2019."""
    total = sum(counts)
    if not total:
        return 1.0
    expected = np.array(weights) / sum(weights) * total
    return float(stats.chisquare(counts, expected).pvalue)


def without_before(values: Values, before: Values) -> Values:
    """CUPED: values less what their users' past explains of them, of the same mean and of less variance.

    ``y - theta (x - mean(x))`` with ``theta = cov(y, x) / var(x)``: Deng, Xu, Kohavi and Walker, "Improving the
    Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data", WSDM 2013.
    """
    variance = float(before.var())
    theta = float(np.cov(values, before, bias=True)[0, 1] / variance) if variance > 0 else 0.0
    adjusted: Values = values - theta * (before - before.mean())
    return adjusted


def always_valid_half_width(variance: float, n: int) -> float:
    """Half the width of an interval that covers a difference at every look at once, with probability 0.95.

    ``sqrt(n V) sqrt(2 (n r^2 + 1) / (n^2 r^2) log(sqrt(n r^2 + 1) / alpha))``, V the variance of the difference of
    means and n the users of both: the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and
    Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 2024,
    theorem 2.2.
    """
    alpha = 1 - CONFIDENCE
    squared = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / BEST_AT_USERS
    spread = 2 * (n * squared + 1) / (n**2 * squared) * np.log(np.sqrt(n * squared + 1) / alpha)
    return float(np.sqrt(n * variance * spread))


def needed_users(
    mean: float, variance: float, relative_effect: float, power: float, shares: tuple[float, float] = (0.5, 0.5)
) -> int:
    """Users in all with which an effect of a variant on the control is found.

    ``(z_{1-alpha/2} + z_power)^2 variance ((1 + effect)^2 / share + 1 / share_of_control) / delta^2``: what multiplies
    a mean multiplies the standard deviation too. The shares, the variant's first, are of all users.
    """
    z = stats.norm.ppf(1 - (1 - CONFIDENCE) / 2) + stats.norm.ppf(power)
    spread = variance * ((1 + relative_effect) ** 2 / shares[0] + 1 / shares[1])
    return int(np.ceil(z**2 * spread / (mean * relative_effect) ** 2))


def linearised(group: pd.DataFrame, metric: Metric) -> tuple[float, Values]:
    """A metric, and one value for each user whose variance is the metric's times the number of users (delta method)."""
    numerator, denominator = (group[name].to_numpy(dtype=np.float64) for name in (metric.numerator, metric.denominator))
    ratio = float(numerator.sum() / denominator.sum())
    return ratio, ratio + (numerator - ratio * denominator) / denominator.mean()


def _blocked(counts: Mapping[str, int], p: float) -> str | None:
    if min(counts.values(), default=0) < 2:
        return "Some variant has fewer than two users: there is nothing to compare yet."
    if p < MISMATCH_P:
        return (
            f"The numbers of users are not those of the weights (p = {p:.1g}): something else than the draw decides "
            "who is seen. Find that first; no effect can be trusted."
        )
    return None


def _effect(metric: Metric, variant: str, group: pd.DataFrame, control: pd.DataFrame, segment: str = "") -> Effect:
    (value, ours), (other, theirs) = linearised(group, metric), linearised(control, metric)
    if metric.denominator == "users":
        both = without_before(np.concatenate([ours, theirs]), np.concatenate([group["before"], control["before"]]))
        ours, theirs = both[: len(ours)], both[len(ours) :]
    difference = float(ours.mean() - theirs.mean())
    p, low, high = _welch(ours, theirs, difference)
    variance = float(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))
    half = always_valid_half_width(variance, len(ours) + len(theirs))
    tails = _bootstrap(ours, theirs) if metric.name in HEAVY_TAILED else (None, None)
    always = difference - half, difference + half
    n_users = len(ours) + len(theirs)
    return Effect(metric.name, variant, segment, n_users, value, other, difference, low, high, p, p, *always, *tails)


def _welch(ours: Values, theirs: Values, difference: float) -> tuple[float, float, float]:
    """The p-value and the interval of a difference of means; of values that are all alike, what they are."""
    least = LEAST_SPREAD * max(float(np.abs(ours).max()), float(np.abs(theirs).max()))
    if max(ours.std(), theirs.std()) <= least:
        return float(abs(difference) <= least), difference, difference
    found = stats.ttest_ind(ours, theirs, equal_var=False)
    interval = found.confidence_interval(CONFIDENCE)
    return float(found.pvalue), float(interval.low), float(interval.high)


def _bootstrap(ours: Values, theirs: Values) -> tuple[float, float]:
    """The percentile interval of the difference of means: Efron and Tibshirani, 1993, chapter 13."""
    rng = np.random.default_rng(1)
    means = [_resampled(values, rng) for values in (ours, theirs)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means[0] - means[1], [tail, 1 - tail])
    return float(low), float(high)


def _resampled(values: Values, rng: np.random.Generator) -> Values:
    return np.array([rng.choice(values, len(values)).mean() for _ in range(BOOTSTRAP_RESAMPLES)])


def sentences(found: ReadOut) -> Iterator[str]:
    """The read-out in plain words."""
    if found.blocked is not None:
        yield found.blocked
        return
    yield from map(_sentence, found.effects)
    worse = [one for one in found.guardrails if is_worse(one)]
    yield from (f"Guardrail! {_sentence(one)}" for one in worse)
    if not worse:
        yield "No guardrail (errors, degraded lists, milliseconds, diversity of a list) is worse beyond chance."
    if found.segments:
        yield SEGMENT_WARNING
        yield from map(_sentence, found.segments)


def is_worse(guardrail: Effect) -> bool:
    """Whether a variant makes a guardrail worse beyond chance: less diversity, or more of anything else."""
    is_bad = guardrail.difference < 0 if guardrail.metric == "diversity" else guardrail.difference > 0
    return is_bad and guardrail.adjusted_p < 1 - CONFIDENCE


def is_beyond_chance(effect: Effect) -> bool:
    """Whether the adjusted p-value says so."""
    return effect.adjusted_p < 1 - CONFIDENCE


def _sentence(one: Effect) -> str:
    certain = "beyond chance" if is_beyond_chance(one) else "within chance"
    who = f"{one.variant} ({one.segment})" if one.segment else one.variant
    return (
        f"{who}: {one.metric.replace('_', ' ')} {one.value:.4g}, control {one.control:.4g}, difference "
        f"{one.difference:+.4g} ({one.low:+.4g} to {one.high:+.4g}), {certain} (p {one.p_value:.3g}, adjusted "
        f"{one.adjusted_p:.3g}); at any look {one.always_low:+.4g} to {one.always_high:+.4g}."
    )
