"""How sure a mean over users is, and whether two systems differ by more than chance."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

Seed = int | np.random.Generator

CONFIDENCE: Final = 0.95
BOOTSTRAP_RESAMPLES: Final = 2_000
SIGN_FLIPS: Final = 9_999
MOST_USERS_FLIPPED: Final = 20_000
"""With more users than this the sum of flipped differences is taken as normal, which by then it is."""

BLOCK_SIZE: Final = 2_000_000
"""How many numbers are drawn at a time; bounds the memory."""


DECIMALS: Final = 6
"""Of the figures in a report."""


def rounded(numbers: dict[str, float]) -> dict[str, float]:
    """The numbers as reports write them."""
    return {name: round(number, DECIMALS) for name, number in numbers.items()}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over users and its 95 % interval."""

    mean: float
    low: float
    high: float


def estimate_mean(values: npt.NDArray[np.float64], rng: Seed) -> Estimate:
    """The mean over users of one figure each, with its interval."""
    low, high = bootstrap_intervals(values[:, None], rng)
    return Estimate(float(values.mean()), float(low[0]), float(high[0]))


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """The mean of one system less another's on the same users, its interval, and the p-value of "no difference"."""

    difference: float
    low: float
    high: float
    p_value: float


def bootstrap_intervals(
    values: npt.NDArray[np.float64], rng: Seed, n_resamples: int = BOOTSTRAP_RESAMPLES
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """95 % percentile intervals of the means over users.

    Users are drawn with replacement; all columns share the draws. Efron and Tibshirani, "An Introduction to the
    Bootstrap", 1993, chapter 13. Costs O(n_resamples n_users n_columns).

    Parameters
    ----------
    values : ndarray of float64, shape (n_users, n_columns)
        At least one user.

    Returns
    -------
    low, high : ndarray of float64, shape (n_columns,)

    Raises
    ------
    ValueError
        Without users.
    """
    if not len(values):
        raise ValueError("an interval needs at least one user")
    means = _resampled_means(values, np.random.default_rng(rng), n_resamples)
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail], axis=0)
    return low, high


def paired_comparison(values: npt.NDArray[np.float64], other: npt.NDArray[np.float64], rng: Seed) -> PairedComparison:
    """Compare two systems on the same users.

    Parameters
    ----------
    values, other : ndarray of float64, shape (n_users,)
        A metric of both systems for each user, in the same order.

    Raises
    ------
    ValueError
        When the shapes differ or there are no users.
    """
    if values.shape != other.shape:
        raise ValueError(f"a paired comparison needs the same users: shapes {values.shape} and {other.shape}")
    generator = np.random.default_rng(rng)
    differences = values - other
    low, high = bootstrap_intervals(differences[:, None], generator)
    p_value = sign_flip_p_value(differences, generator)
    return PairedComparison(float(differences.mean()), float(low[0]), float(high[0]), p_value)


def sign_flip_p_value(differences: npt.NDArray[np.float64], rng: Seed, n_flips: int = SIGN_FLIPS) -> float:
    """Two-sided p-value of a mean of zero, when each user's difference could as well have had the other sign.

    Fisher's randomisation test; of the tests in use for rankings the one whose assumptions hold: Smucker, Allan and
    Carterette, "A Comparison of Statistical Significance Tests for Information Retrieval Evaluation", CIKM 2007. The
    observed signs count as one of the draws, so the least value is ``1 / (n_flips + 1)``.

    Parameters
    ----------
    differences : ndarray of float64, shape (n_users,)
    """
    moved = differences[differences != 0]  # a zero has no sign to flip
    observed = abs(float(moved.sum()))
    if len(moved) > MOST_USERS_FLIPPED:
        return float(2.0 * norm.sf(observed / np.sqrt(np.square(moved).sum())))
    generator = np.random.default_rng(rng)
    tolerance = 1e-12 * float(np.abs(moved).sum())
    n_extreme = 0
    for block in _blocks(n_flips, len(moved)):
        signs = generator.integers(0, 2, size=(block, len(moved)), dtype=np.int8) * 2.0 - 1.0
        n_extreme += int((np.abs(signs @ moved) >= observed - tolerance).sum())
    return (n_extreme + 1) / (n_flips + 1)


def _resampled_means(
    values: npt.NDArray[np.float64], generator: np.random.Generator, n_resamples: int
) -> npt.NDArray[np.float64]:
    """The column means of each resample, shape (n_resamples, n_columns)."""
    n_users = len(values)
    means = []
    for block in _blocks(n_resamples, n_users):
        draws = generator.integers(0, n_users, size=(block, n_users))
        cells = (draws + np.arange(block)[:, None] * n_users).ravel()
        times_drawn = np.bincount(cells, minlength=block * n_users).reshape(block, n_users)
        means.append(times_drawn.astype(np.float64) @ values / n_users)
    return np.concatenate(means)


def _blocks(n_rows: int, n_columns: int) -> list[int]:
    """How many rows to draw at a time, so that no block is larger than the bound."""
    block = max(1, BLOCK_SIZE // max(n_columns, 1))
    return [min(block, n_rows - start) for start in range(0, n_rows, block)]
