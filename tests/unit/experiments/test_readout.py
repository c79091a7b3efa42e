"""Effects of experiments, held against what is known of them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.readout import (
    METRICS,
    always_valid_half_width,
    linearised,
    mismatch_p,
    needed_users,
    read_out,
    sentences,
    users_of,
    without_before,
)

WEIGHTS = {"old": 0.5, "new": 0.5}


def drawn(n: int, rng: np.random.Generator, lift: float = 0.0, variant: str = "old") -> pd.DataFrame:
    """Users with a few lists each, of which some are clicked, and money with a heavy tail that the past foretells."""
    lists = rng.poisson(3, n) + 1.0
    rate = np.clip(rng.beta(2, 8, n) + lift, 0, 1)
    before = rng.lognormal(1, 1, n)
    frame = pd.DataFrame({"lists": lists, "clicked": rng.binomial(lists.astype(int), rate), "users": 1.0})
    frame["carted"] = frame["bought"] = frame["degraded"] = frame["failed"] = 0.0
    frame["requests"] = frame["timed"] = frame["compared"] = frame["lists"]
    frame["milliseconds"] = frame["lists"] * rng.lognormal(0, 0.5, n)
    frame["diversity"] = frame["lists"] * rng.beta(8, 2, n)
    frame["revenue"] = before * rng.lognormal(0, 0.3, n) * (1 + lift)
    return frame.assign(margin=0.0, variant=variant, n_variants=1, before=before)


def experiment(n: int, seed: int, lift: float = 0.0) -> pd.DataFrame:
    """Both variants."""
    rng = np.random.default_rng(seed)
    return pd.concat([drawn(n, rng), drawn(n, rng, lift, "new")], ignore_index=True)


def effects(users: pd.DataFrame) -> dict[str, object]:
    """The effects by metric."""
    return {one.metric: one for one in read_out("trial", users, WEIGHTS, "old").effects}


def test_a_real_effect_is_found_and_has_the_right_size() -> None:
    """In the ratio and in the money; the intervals hold it."""
    found = effects(experiment(4_000, 1, lift=0.05))
    for metric, truth in (("click_rate", 0.05), ("revenue_per_user", 0.05 * np.exp(1.5) * np.exp(0.045))):
        assert found[metric].low <= truth <= found[metric].high
        assert found[metric].adjusted_p < 0.05
        assert found[metric].p_value <= found[metric].adjusted_p
        assert found[metric].always_low < found[metric].low < found[metric].high < found[metric].always_high
    assert found["revenue_per_user"].bootstrap_low == pytest.approx(found["revenue_per_user"].low, abs=0.1)
    assert "margin_per_user" not in found


def test_without_an_effect_one_in_twenty_is_found_and_not_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the delta method; with lists taken for independent it would be more."""
    monkeypatch.setattr("experiments.readout.METRICS", METRICS[:1])
    p_values = [effects(experiment(300, seed))["click_rate"].p_value for seed in range(200)]
    assert 2 <= sum(p < 0.05 for p in p_values) <= 19
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_the_delta_method_is_welch_where_everybody_has_one_list() -> None:
    """And the ratio of the sums is the value."""
    users = experiment(500, 3).assign(lists=1.0)
    users["clicked"] = users["clicked"].clip(upper=1)
    found = effects(users)["click_rate"]
    new, old = (users.loc[users["variant"] == name, "clicked"] for name in ("new", "old"))
    assert found.p_value == pytest.approx(stats.ttest_ind(new, old, equal_var=False).pvalue)
    assert found.value == pytest.approx(new.mean())
    ratio, values = linearised(experiment(500, 4), METRICS[0])
    assert values.mean() == pytest.approx(ratio)


def test_what_was_before_is_taken_out() -> None:
    """The mean stays, and most of the variance goes where the past foretells the value."""
    users = experiment(2_000, 5)
    values, before = users["revenue"].to_numpy(), users["before"].to_numpy()
    adjusted = without_before(values, before)
    assert adjusted.mean() == pytest.approx(values.mean())
    assert adjusted.var() < 0.5 * values.var()
    assert np.array_equal(without_before(values, np.zeros_like(before)), values)


def test_sizes_that_are_not_those_of_the_weights_block_everything() -> None:
    """No effect is given, and the reason is."""
    assert mismatch_p([5_000, 5_000], [0.5, 0.5]) == 1
    assert mismatch_p([5_000, 5_400], [0.5, 0.5]) < 0.001
    assert mismatch_p([900, 100], [0.9, 0.1]) == 1
    users = experiment(1_000, 6)
    found = read_out("trial", users.drop(users.index[users["variant"] == "new"][:200]), WEIGHTS, "old")
    assert found.effects == ()
    assert "something else than the draw" in str(found.blocked)
    assert list(sentences(found)) == [found.blocked]
    nobody = read_out("trial", users.iloc[:0], WEIGHTS, "old")
    assert "nothing to compare" in str(nobody.blocked)


def test_who_looks_at_every_moment_is_wrong_once_in_twenty_at_most() -> None:
    """Of 400 experiments without an effect, looked at after every ten users; a plain interval fails many times more."""
    rng, n_looks, looks = np.random.default_rng(7), 400, np.arange(100, 3_001, 10)
    values = rng.exponential(1.0, (n_looks, 2, looks[-1]))
    sums, squares = np.cumsum(values, axis=2), np.cumsum(values**2, axis=2)
    means = sums[:, :, looks - 1] / looks
    variance = (squares[:, :, looks - 1] / looks - means**2).sum(axis=1) / looks
    difference = means[:, 0] - means[:, 1]
    half = np.array([always_valid_half_width(1.0, 2 * int(n)) for n in looks]) * np.sqrt(variance)
    assert (np.abs(difference) > half).any(axis=1).mean() <= 0.05
    assert (np.abs(difference) > 1.96 * np.sqrt(variance)).any(axis=1).mean() > 0.2


def test_the_needed_users_find_the_effect_as_often_as_asked() -> None:
    """Held against the power of the test on draws of that size."""
    n = needed_users(mean=1.0, variance=1.0, relative_effect=0.2, power=0.8) // 2
    assert n == 479
    rng = np.random.default_rng(8)
    p = stats.ttest_ind(1.2 * rng.normal(1, 1, (1_000, n)), rng.normal(1.0, 1, (1_000, n)), axis=1).pvalue
    assert 0.76 <= (p < 0.05).mean() <= 0.84


def test_users_are_those_of_one_variant() -> None:
    """Sums over a user's lists; who was seen in two variants is counted and left out; nobody's lists are not asked."""
    rows = [
        ("a", ["trial:old"], 1, 2.0),
        ("a", ["other:x", "trial:old"], 0, 0.0),
        ("b", ["trial:new"], 0, 0.0),
        ("b", ["trial:old"], 0, 0.0),
        ("c", ["trial:new"], 3, 0.0),
        ("d", ["other:x"], 3, 0.0),
        (None, [], 1, 0.0),
    ]
    outcomes = pd.DataFrame(rows, columns=["user", "assignments", "clicks", "revenue"])
    nothing = dict.fromkeys(("margin", "milliseconds", "diversity"), np.nan)
    outcomes = outcomes.assign(carts=0, purchases=0, degraded=None, source="personalized", **nothing)
    outcomes = outcomes.astype({"user": "str"})
    users = users_of(outcomes, "trial", {"a": 5.0})
    assert users.loc["a", ["lists", "clicked", "revenue", "before"]].tolist() == [2, 1, 2, 5]
    assert list(users.index) == ["a", "b", "c"]
    found = read_out("trial", users, WEIGHTS, "old")
    assert (found.users, found.n_moved) == ({"old": 1, "new": 1}, 1)


def test_a_guardrail_that_is_worse_is_said_and_one_that_is_better_is_not() -> None:
    """Slower lists are worse, and more different items are better."""
    users = experiment(2_000, 4)
    is_new = users["variant"] == "new"
    users["milliseconds"] *= np.where(is_new, 1.3, 1.0)
    users["diversity"] *= np.where(is_new, 1.1, 1.0)
    said = [one for one in sentences(read_out("trial", users, WEIGHTS, "old")) if one.startswith("Guardrail!")]
    assert len(said) == 1
    assert "milliseconds" in said[0]


def test_parts_are_read_out_with_a_warning() -> None:
    """Each with its own users; a part that only one variant has says nothing."""
    users = experiment(500, 5)
    segments = {user: "heavy" if user % 2 else "light" for user in users.index} | {0: "alone"}
    found = read_out("trial", users, WEIGHTS, "old", segments)
    assert {one.segment for one in found.segments} == {"heavy", "light"}
    assert next(one for one in found.segments if one.segment == "heavy").n_users == 500
    assert any("no verdict" in one for one in sentences(found))


def test_values_that_are_all_alike_differ_by_no_rounding() -> None:
    """The same for everybody is no effect, and another one for everybody is."""
    users = experiment(400, 6)
    users["diversity"] = users["compared"] * 0.7
    users["milliseconds"] = users["timed"] * np.where(users["variant"] == "new", 2.9, 2.3)
    found = {one.metric: one for one in read_out("trial", users, WEIGHTS, "old").guardrails}
    assert found["diversity"].p_value == 1
    assert found["milliseconds"].p_value == 0
    assert found["milliseconds"].low == pytest.approx(0.6)
