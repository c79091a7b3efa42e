"""How far something new lies from what was, and whether chance alone would take it there."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Floats = npt.NDArray[np.float64]

MIN_VALUES: Final = 10
MOST_NAMES: Final = 24
"""Names that are compared; the rarer ones are one."""

WEEK: Final = 7
MIN_REFERENCE: Final = 14
"""Days; with fewer nothing is said of a day."""

MAD_TO_SD: Final = 1.4826
"""Standard deviation of a normal variable by its median absolute deviation."""


class Change(NamedTuple):
    """What was seen beside what was expected.

    Attributes
    ----------
    effect : float
        Its size, in the unit that the function names.
    p_value : float
        Two-sided; NaN where the size alone counts.
    """

    value: float
    expected: float
    effect: float
    p_value: float


def change_of_days(days: pd.Series, n_newest: int = 1, *, is_ratio: bool = True, n_each: float = np.inf) -> Change:
    """The newest days of a figure beside those before them, weekdays taken into account.

    ``z = m / (s sqrt(1 / n_newest + 1 / n))``, with ``m`` the mean difference of the newest days to the median of their
    weekday, ``s`` the robust spread of the same difference over the ``n`` days before; Student's t with ``n - 7``
    degrees of freedom. Ratios are compared as logarithms.

    Parameters
    ----------
    days : Series of float, indexed by day
        The oldest first; NaN where a day has no figure.
    is_ratio : bool
        The effect is a factor, at least 1; otherwise a difference, at least 0.
    n_each : float
        Of how many events a share is made: its binomial spread is the least there is.

    Returns
    -------
    Change
        Of NaN where fewer than `MIN_REFERENCE` days can be compared.
    """
    newest, before = days.iloc[-n_newest:], days.iloc[:-n_newest].dropna()
    before = before[before > 0] if is_ratio else before
    if len(before) < MIN_REFERENCE or newest.isna().any():
        return Change(float(newest.mean()), np.nan, np.nan, np.nan)
    scaled, seen = (np.log(before), np.log(newest.clip(lower=1e-9))) if is_ratio else (before, newest)
    weekday, weekday_seen = (pd.DatetimeIndex(one.index).day_of_week for one in (scaled, seen))
    usual = scaled.groupby(weekday).median().reindex(range(WEEK)).fillna(scaled.median())
    rest = scaled - usual[weekday].to_numpy()
    expected = usual[weekday_seen].to_numpy()
    mean = float((seen - expected).mean())
    spread = MAD_TO_SD * float(rest.abs().median()) * np.sqrt(len(rest) / max(len(rest) - WEEK, 1))
    least = 0.0 if is_ratio else np.sqrt(max(float(expected.mean() * (1 - expected.mean())), 1 / n_each) / n_each)
    error = np.hypot(spread, max(least, 1e-9)) * np.sqrt(1 / n_newest + 1 / len(rest))
    p_value = 2 * float(stats.t.sf(abs(mean) / error, len(rest) - WEEK))
    if is_ratio:
        return Change(float(newest.mean()), float(np.exp(expected).mean()), float(np.exp(abs(mean))), p_value)
    return Change(float(newest.mean()), float(expected.mean()), abs(mean), p_value)


def psi(expected: npt.ArrayLike, seen: npt.ArrayLike) -> float:
    """Population stability index of two histograms: ``sum (q - p) ln(q / p)``, half an observation added to each bin.

    Below .1 nothing, from .25 on a shift (Siddiqi, "Credit Risk Scorecards", 2006). By chance about ``bins (1 / n_p +
    1 / n_q)``.

    Examples
    --------
    >>> psi([50, 50], [50, 50])
    0.0
    >>> round(psi([500, 500], [900, 100]), 2)
    0.88
    """
    p, q = (np.asarray(counts, dtype=np.float64) + 0.5 for counts in (expected, seen))
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def change_of_values(before: npt.ArrayLike, now: npt.ArrayLike) -> Change:
    """Two samples of a number, NaN left out: medians, and the test of Kolmogorov and Smirnov.

    The effect is its statistic, the largest distance of the two distribution functions, 0 to 1. An index over deciles
    would call it a shift when a value that many rows share moves a little, across the edge of a decile.
    """
    expected, seen = (np.asarray(one, dtype=np.float64) for one in (before, now))
    expected, seen = expected[~np.isnan(expected)], seen[~np.isnan(seen)]
    if min(len(expected), len(seen)) < MIN_VALUES:
        return Change(np.nan, np.nan, np.nan, np.nan)
    found = stats.ks_2samp(expected, seen, method="asymp")
    return Change(float(np.median(seen)), float(np.median(expected)), float(found.statistic), float(found.pvalue))


def change_of_counts(before: pd.Series, now: pd.Series) -> Change:
    """Two tables of counts by name: PSI as effect, chi-squared's p-value; value and expected are their totals.

    The most frequent names of `before` are compared, and all others as one.
    """
    names = before.sort_values(ascending=False, kind="stable").index[:MOST_NAMES]
    expected, seen = (_counts(one, names) for one in (before, now))
    if not expected.sum() or not seen.sum() or len(names) < 2:
        return Change(float(seen.sum()), float(expected.sum()), np.nan, np.nan)
    p_value = float(stats.chi2_contingency(np.stack([expected, seen])[:, expected + seen > 0]).pvalue)
    return Change(float(seen.sum()), float(expected.sum()), psi(expected, seen), p_value)


def _counts(table: pd.Series, names: pd.Index) -> Floats:
    counts = table.reindex(names, fill_value=0).to_numpy(dtype=np.float64)
    return np.append(counts, float(table.sum()) - counts.sum())


def change_of_shares(n_expected: int, of_expected: int, n_seen: int, of_seen: int) -> Change:
    """Two shares of independent draws: the ratio of the larger to the smaller as effect, Fisher's exact p-value."""
    if not of_expected or not of_seen:
        return Change(np.nan, np.nan, np.nan, np.nan)
    expected, seen = n_expected / of_expected, n_seen / of_seen
    table = [[n_expected, of_expected - n_expected], [n_seen, of_seen - n_seen]]
    low, high = sorted(((n_expected + 0.5) / (of_expected + 1), (n_seen + 0.5) / (of_seen + 1)))
    return Change(seen, expected, high / low, float(stats.fisher_exact(table).pvalue))


def adjusted(p_values: Floats) -> Floats:
    """Benjamini and Hochberg's adjustment, NaN where there is no p-value."""
    found = np.full(len(p_values), np.nan)
    there = ~np.isnan(p_values)
    if there.any():
        found[there] = stats.false_discovery_control(p_values[there])
    return found
