"""What holds for every configuration and every user: ranges, ramps, exclusion, independence, weights."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.assignment import Assigner, Assignment, bucket
from experiments.config import ExperimentsConfig

USERS = [f"user-{n}" for n in range(300)]
MANY = [f"customer/{n}" for n in range(20_000)]
SALTS = st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True)
FRACTIONS = st.floats(0, 1)
WEIGHTS = st.lists(st.integers(1, 100), min_size=2, max_size=5)


def experiment(name: str, weights: list[float], salt: str, **changes: Any) -> dict[str, Any]:
    """An experiment whose first variant is the control."""
    variants = [{"name": f"v{n}", "weight": weight, "control": n == 0} for n, weight in enumerate(weights)]
    return {"name": name, "salt": salt, "enabled": True, "variants": variants, **changes}


def assigner(*experiments: dict[str, Any], layer_salt: str = "of-the-layer") -> Assigner:
    """An assigner with one layer called ``l``."""
    layers = [{"name": "l", "salt": layer_salt}]
    return Assigner(ExperimentsConfig.model_validate({"layers": layers, "experiments": experiments}))


def shares(weights: list[int]) -> list[float]:
    """Weights that add up to 1."""
    return [weight / sum(weights) for weight in weights]


def places(assignment: Assignment) -> dict[str, str]:
    """The variant in each experiment that the user is in."""
    return {one.experiment: one.variant for one in assignment.variants}


@given(salt=SALTS, unit=st.text(st.characters(exclude_categories=())))
def test_bucket_is_in_range_and_repeatable(salt: str, unit: str) -> None:
    """Any text is a unit, its bucket is in [0, 1), and the second time is the same."""
    value = bucket(salt, unit)
    assert 0 <= value < 1
    assert value == bucket(salt, unit)


@settings(max_examples=40)
@given(low=FRACTIONS, high=FRACTIONS, weights=WEIGHTS, salt=SALTS)
def test_ramp_only_adds_users(low: float, high: float, weights: list[int], salt: str) -> None:
    """Raising a share keeps everybody who is in, with the same variant."""
    low, high = sorted((low, high))
    before, after = (assigner(experiment("e", shares(weights), salt, share=share)) for share in (low, high))
    for user_id in USERS:
        assert places(before.assign(user_id)).items() <= places(after.assign(user_id)).items()


@settings(max_examples=40)
@given(border=st.floats(0.1, 0.9), ramps=st.tuples(FRACTIONS, FRACTIONS, FRACTIONS), salt=SALTS)
def test_ramp_leaves_the_rest_of_the_layer_alone(border: float, ramps: tuple[float, float, float], salt: str) -> None:
    """Whatever the share of one experiment, the users and variants of its neighbour stay as they are."""
    fixed = experiment("b", [0.5, 0.5], "b", layer="l", slot=[border, 1.0], share=(1 - border) * ramps[2])
    one, two = (
        assigner(
            experiment("a", [0.5, 0.5], "a", layer="l", slot=[0.0, border], share=border * ramp),
            fixed,
            layer_salt=f"{salt[:60]}.l",
        )
        for ramp in ramps[:2]
    )
    for user_id in USERS:
        assert places(one.assign(user_id)).get("b") == places(two.assign(user_id)).get("b")


@settings(max_examples=40)
@given(
    borders=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5, unique=True).map(sorted),
    testers=st.dictionaries(st.sampled_from(USERS), st.integers(0, 5), max_size=20),
    fill=FRACTIONS,
)
def test_layer_excludes(borders: list[float], testers: dict[str, int], fill: float) -> None:
    """Nobody is in two experiments of a layer, testers included; full slots leave nobody out."""
    edges = [0.0, *borders, 1.0]
    experiments = []
    for n, (start, end) in enumerate(pairwise(edges)):
        overrides = {user_id: "v1" for user_id, at in testers.items() if at == n}
        share = (end - start) * (1 if fill > 0.5 else fill)
        experiments.append(
            experiment(
                f"e{n}", [0.5, 0.5], f"s{n}", layer="l", slot=[start, end], share=min(share, 1.0), overrides=overrides
            )
        )
    found = assigner(*experiments)
    counts = {len(found.assign(user_id).variants) for user_id in USERS}
    assert counts <= {0, 1}
    if fill > 0.5:
        assert counts == {1}
    for user_id, at in testers.items():
        if at < len(experiments):
            assert places(found.assign(user_id)) == {f"e{at}": "v1"}


@settings(max_examples=40)
@given(weights=st.lists(WEIGHTS, min_size=1, max_size=4), share=FRACTIONS)
def test_label_can_be_taken_apart_again(weights: list[list[int]], share: float) -> None:
    """The label names exactly the variants that are no control, in order; without any it is ``control``."""
    found = assigner(*(experiment(f"e{n}", shares(one), f"s{n}", share=share) for n, one in enumerate(weights)))
    for user_id in USERS[:60]:
        assignment = found.assign(user_id)
        wanted = [f"{one.experiment}:{one.variant}" for one in assignment.variants if not one.is_control]
        assert assignment.label == ("+".join(wanted) if wanted else "control")


def test_buckets_are_uniform() -> None:
    """Twenty thousand users fill a hundred equal bins evenly (chi-squared, fixed salts)."""
    for salt in ("one", "two", "three"):
        counts = np.histogram([bucket(salt, user_id) for user_id in MANY], bins=100, range=(0, 1))[0]
        assert stats.chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize("pair", [("ranker-1", "ranker-2"), ("ranker-1", "ranker-1:traffic"), ("a", "b")])
def test_salts_are_independent(pair: tuple[str, str]) -> None:
    """Buckets under similar salts have nothing to do with each other (chi-squared on a 10 x 10 table)."""
    first, second = ([bucket(salt, user_id) for user_id in MANY] for salt in pair)
    table = np.histogram2d(first, second, bins=10, range=[[0, 1], [0, 1]])[0]
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_variants_of_two_layers_are_independent() -> None:
    """The variant in one experiment says nothing about the variant in another of another layer."""
    found = assigner(experiment("a", [0.5, 0.5], "sa", share=1.0), experiment("b", [0.3, 0.7], "sb", share=1.0))
    table = np.zeros((2, 2))
    for user_id in MANY:
        held = places(found.assign(user_id))
        table[int(held["a"][1]), int(held["b"][1])] += 1
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_who_is_in_says_nothing_about_the_variant() -> None:
    """Early and late users of a ramp are dealt the same variants: in/out and variant have different salts."""
    found = assigner(experiment("a", [0.5, 0.5], "salt", share=1.0))
    table = np.zeros((4, 2))
    for user_id in MANY:
        (place,) = found.assign(user_id).variants
        table[int(place.traffic_bucket * 4), int(place.variant[1])] += 1
    assert stats.chi2_contingency(table).pvalue > 0.001


@pytest.mark.parametrize("share", [0.01, 0.2, 0.75])
@pytest.mark.parametrize("weights", [[0.5, 0.5], [0.9, 0.1], [0.2, 0.3, 0.5]])
def test_share_and_weights_are_respected(share: float, weights: list[float]) -> None:
    """The users who are in, and those of each variant, are as many as a binomial draw would give (p > 0.0001)."""
    found = assigner(experiment("a", weights, "weights", share=share))
    held = [places(found.assign(user_id)).get("a") for user_id in MANY]
    n_in = sum(variant is not None for variant in held)
    assert stats.binomtest(n_in, len(MANY), share).pvalue > 0.0001
    for n, weight in enumerate(weights):
        assert stats.binomtest(held.count(f"v{n}"), n_in, weight).pvalue > 0.0001


def test_full_share_takes_everybody_and_none_takes_nobody() -> None:
    """Shares of 1 and 0 mean what they say, to the last user."""
    everybody, nobody = (assigner(experiment("a", [0.5, 0.5], "s", share=share)) for share in (1.0, 0.0))
    assert all(everybody.assign(user_id).variants for user_id in MANY)
    assert not any(nobody.assign(user_id).variants for user_id in MANY)
