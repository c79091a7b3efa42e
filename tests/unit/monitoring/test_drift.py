"""Changes beyond chance: what is found, and what is not."""

import numpy as np
import pandas as pd
import pytest

from monitoring.drift import (
    MIN_REFERENCE,
    adjusted,
    change_of_counts,
    change_of_days,
    change_of_shares,
    change_of_values,
    psi,
)

WEEKLY = np.array([1.0, 1.0, 1.1, 1.1, 1.3, 1.6, 0.5])


def days(n: int, seed: int, noise: float = 0.05) -> pd.Series:
    """A shop of a steady week, with noise."""
    index = pd.date_range("2026-01-05", periods=n, freq="D")
    rng = np.random.default_rng(seed)
    return pd.Series(1_000 * WEEKLY[index.day_of_week] * np.exp(noise * rng.normal(size=n)), index=index)


def test_a_quiet_day_is_within_chance_as_often_as_the_p_value_says() -> None:
    p_values = [change_of_days(days(57, seed)).p_value for seed in range(400)]

    assert np.mean(np.array(p_values) < 0.05) < 0.09


def test_a_quiet_weekend_is_no_change() -> None:
    sunday = change_of_days(days(56, 1))

    assert sunday.effect < 1.2
    assert sunday.expected == pytest.approx(500, rel=0.1)


def test_a_half_that_is_missing_is_found_on_one_day_and_a_tenth_within_a_week() -> None:
    half, tenth = days(57, 2), days(63, 3)
    half.iloc[-1] /= 2
    tenth.iloc[-7:] *= 0.9

    assert change_of_days(half).effect == pytest.approx(2, rel=0.2)
    assert change_of_days(half).p_value < 1e-6
    assert change_of_days(tenth, 7).p_value < 1e-3


def test_a_share_that_was_always_zero_changes_by_its_difference() -> None:
    index = pd.date_range("2026-01-05", periods=40, freq="D")
    share = pd.Series(0.0, index=index)
    share.iloc[-1] = 0.2

    found = change_of_days(share, is_ratio=False, n_each=1_000)

    assert found.effect == 0.2
    assert found.p_value < 1e-6
    share.iloc[-1] = 0.001
    assert change_of_days(share, is_ratio=False, n_each=1_000).p_value > 0.05


def test_few_days_say_nothing() -> None:
    assert np.isnan(change_of_days(days(MIN_REFERENCE, 1)).p_value)


def test_values_in_cents_are_another_distribution_and_the_same_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    prices, others = rng.lognormal(1, 1, 1_000), rng.lognormal(1, 1, 800)

    assert change_of_values(prices, 100 * others).effect > 0.9
    same = change_of_values(prices, others)
    assert same.effect < 0.1
    assert same.p_value > 0.01


def test_values_that_are_nearly_all_alike_can_be_compared() -> None:
    zeros = np.zeros(500)

    assert change_of_values(zeros, zeros).effect == pytest.approx(0)
    assert change_of_values(zeros, np.ones(500)).p_value < 1e-6


def test_a_category_that_was_renamed_is_a_change_of_counts() -> None:
    before = pd.Series({"bread": 500, "milk": 500})

    assert change_of_counts(before, pd.Series({"bread": 52, "dairy": 48})).effect > 1
    assert change_of_counts(before, pd.Series({"bread": 52, "milk": 48})).effect < 0.05


def test_psi_is_about_what_chance_makes_it() -> None:
    rng = np.random.default_rng(1)
    found = [psi(rng.multinomial(500, [0.1] * 10), rng.multinomial(500, [0.1] * 10)) for _ in range(200)]

    assert np.mean(found) == pytest.approx(9 * 2 / 500, rel=0.2)


def test_shares_of_draws() -> None:
    fewer = change_of_shares(150, 300, 60, 300)

    assert fewer.effect == pytest.approx(2.5, rel=0.02)
    assert fewer.p_value < 1e-6
    assert np.isnan(change_of_shares(0, 0, 1, 2).p_value)


def test_no_p_value_stays_none() -> None:
    assert np.isnan(adjusted(np.array([0.01, np.nan]))[1])
    assert adjusted(np.array([0.01, 0.5]))[0] == 0.02
