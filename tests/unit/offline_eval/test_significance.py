"""Intervals cover what they should, and p-values are what chance makes them."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from offline_eval import significance
from offline_eval.significance import bootstrap_intervals, paired_comparison, sign_flip_p_value


def test_intervals_agree_with_scipy() -> None:
    """The percentile interval of a mean is that of `scipy.stats.bootstrap`, to the noise of resampling."""
    values = np.random.default_rng(1).beta(0.5, 2.0, size=400)
    low, high = bootstrap_intervals(values[:, None], 2)
    theirs = bootstrap((values,), np.mean, n_resamples=2_000, method="percentile", random_state=3).confidence_interval
    assert (low[0], high[0]) == pytest.approx(tuple(theirs), abs=0.1 * (theirs.high - theirs.low))


def test_intervals_cover_the_mean_about_95_times_in_100() -> None:
    """Of 500 intervals of samples with a known mean, between 91 % and 97 % hold it."""
    samples = np.random.default_rng(11).exponential(scale=1.0, size=(120, 500))
    low, high = bootstrap_intervals(samples, 12)
    assert 0.91 <= ((low <= 1.0) & (high >= 1.0)).mean() <= 0.97


def test_all_columns_share_the_draws_of_users() -> None:
    """Equal columns have equal intervals, and the same seed gives the same ones, alone or beside other columns.

    A matrix product of another shape adds in another order: each of the 50 additions may round by half a unit in the
    last place, so that 1e-12 is far above what rounding can do and far below any other draw of users.
    """
    column = np.random.default_rng(5).random(50)
    low, high = bootstrap_intervals(np.column_stack([column, column, 1 - column]), 6)
    assert low[0] == pytest.approx(low[1])
    assert low[0] == pytest.approx(1 - high[2])
    np.testing.assert_allclose(low[:1], bootstrap_intervals(column[:, None], 6)[0], rtol=1e-12)


def test_blocks_only_bound_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing a few resamples at a time changes no interval."""
    values = np.random.default_rng(5).random((30, 1))
    whole = bootstrap_intervals(values, 6)
    monkeypatch.setattr(significance, "BLOCK_SIZE", 70)
    np.testing.assert_allclose(bootstrap_intervals(values, 6), whole, rtol=1e-12)


def test_one_user_has_a_point_for_an_interval_and_nobody_has_none() -> None:
    """A single user's interval is the value itself; without users there is an error."""
    low, high = bootstrap_intervals(np.array([[0.25]]), 0)
    assert low[0] == high[0] == 0.25
    with pytest.raises(ValueError, match="at least one user"):
        bootstrap_intervals(np.zeros((0, 1)), 0)


def test_p_values_are_uniform_when_nothing_differs() -> None:
    """Under the null hypothesis about one p-value in twenty is below .05, half are below .5, and a tenth above .9."""
    differences = np.random.default_rng(21).normal(size=(600, 40))
    p_values = np.array([sign_flip_p_value(row, number, n_flips=499) for number, row in enumerate(differences)])
    assert 0.025 <= (p_values <= 0.05).mean() <= 0.08
    assert 0.43 <= (p_values <= 0.5).mean() <= 0.57
    assert 0.06 <= (p_values > 0.9).mean() <= 0.14


def test_five_equal_differences_have_the_p_value_of_coins() -> None:
    """Two of the 32 ways to sign five equal differences are as extreme as the one seen."""
    assert sign_flip_p_value(np.full(5, 0.3), 0) == pytest.approx(2 / 32, abs=0.01)


def test_p_value_ignores_direction_and_users_without_a_difference() -> None:
    """Turning all signs, or adding users on whom both systems score alike, changes nothing."""
    differences = np.random.default_rng(4).normal(0.3, 1.0, size=30)
    p_value = sign_flip_p_value(differences, 9)
    assert sign_flip_p_value(-differences, 9) == p_value
    assert sign_flip_p_value(np.append(differences, np.zeros(100)), 9) == p_value


def test_p_value_is_one_for_equal_systems_and_least_for_clear_ones() -> None:
    """Identical systems have p = 1; a difference no flip reaches has one over the number of draws."""
    assert sign_flip_p_value(np.zeros(10), 0) == 1.0
    assert sign_flip_p_value(np.ones(200), 0, n_flips=999) == 1 / 1000


def test_many_users_have_the_p_value_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The normal form that many users get agrees with flipping."""
    differences = np.random.default_rng(8).exponential(size=2_000) - 0.96
    flipped = sign_flip_p_value(differences, 1)
    monkeypatch.setattr(significance, "MOST_USERS_FLIPPED", 1_000)
    assert sign_flip_p_value(differences, 1) == pytest.approx(flipped, abs=0.01)
    assert 0.001 < flipped < 0.5


def test_paired_comparison_sees_what_separate_intervals_cannot() -> None:
    """A small gain on every user is significant though users differ a hundred times as much."""
    other = np.random.default_rng(3).random(100)
    result = paired_comparison(other + np.linspace(0.005, 0.015, 100), other, 1)
    assert result.difference == pytest.approx(0.01)
    assert 0.009 < result.low < result.difference < result.high < 0.011
    assert result.p_value < 0.001


def test_paired_comparison_needs_the_same_users() -> None:
    """Arrays of different length are refused."""
    with pytest.raises(ValueError, match="the same users"):
        paired_comparison(np.zeros(3), np.zeros(4), 0)
