"""Which recipe the trees are trained by."""

import numpy as np
import pytest

from ranking.boosting import boost, choose_boosting
from ranking.settings import CHOICES, RankerConfig, Recipe
from ranking.training_set import TrainingSet

N_QUERIES, N_CANDIDATES = 60, 120
SMALL = RankerConfig(max_trees=12, early_stopping_rounds=5, order="ranker")
RECIPE = {setting: values[0] for setting, values in CHOICES.items()}
GIVEN = RECIPE | {"order": "ranker"}


def part(seed: int) -> TrainingSet:
    """Queries whose first feature says what is wanted, some of it up to four times, and whose second is noise."""
    draw = np.random.default_rng(seed)
    label = np.where(draw.random(N_QUERIES * N_CANDIDATES) < 0.1, draw.integers(1, 5, N_QUERIES * N_CANDIDATES), 0)
    label[::N_CANDIDATES], label[1::N_CANDIDATES] = 1, 0
    features = np.stack([label + draw.normal(0, 1.5, len(label)), draw.normal(size=len(label))], axis=1)
    sizes = np.full(N_QUERIES, N_CANDIDATES)
    return TrainingSet(features.astype(np.float32), label.astype(np.int16), sizes, ("told", "noise"))


@pytest.fixture(scope="module")
def parts() -> list[TrainingSet]:
    """Three parts."""
    return [part(seed) for seed in range(3)]


def test_every_setting_is_tried_and_another_must_be_better_by_more_than_noise(parts: list[TrainingSet]) -> None:
    """Each value has its figure, and only one that beats the first beyond what another seed changes is taken."""
    chosen = choose_boosting(parts, SMALL, 1)
    wanted = set(CHOICES) - (set() if chosen.recipe.objective == "lambdarank" else {"lambdarank_truncation_level"})
    assert set(chosen.tried) == wanted
    for setting, reached in chosen.tried.items():
        first, taken = str(CHOICES[setting][0]), str(getattr(chosen.recipe, setting))
        assert list(reached) == [str(value) for value in CHOICES[setting]]
        assert taken == first or reached[taken] > reached[first] + chosen.seed_noise - 2e-6
        assert all(reached[other] <= reached[taken] + chosen.seed_noise + 2e-6 for other in reached)
    assert 1 <= chosen.n_trees <= SMALL.max_trees
    assert chosen == choose_boosting(parts, SMALL, 1)


def test_what_is_given_is_kept(parts: list[TrainingSet]) -> None:
    """Settings that are given are not searched; with all of them given nothing is trained."""
    leaves = RankerConfig(**{**GIVEN, "num_leaves": "auto"}, n_trees=3, max_trees=5)
    chosen = choose_boosting(parts, leaves, 1)
    assert list(chosen.tried) == ["num_leaves"]
    assert chosen.n_trees == 3
    nothing = choose_boosting([], RankerConfig(**{**GIVEN, "num_leaves": 7}, n_trees=4), 1)
    assert (nothing.recipe, nothing.n_trees, nothing.tried) == (Recipe(**{**RECIPE, "num_leaves": 7}), 4, {})


def test_choices_name_the_whole_recipe(parts: list[TrainingSet]) -> None:
    """The manifest's choices hold what a replay needs."""
    choices = choose_boosting(parts, RankerConfig(**GIVEN, max_trees=3), 1).choices()
    assert choices["n_trees"] <= 3
    again = RankerConfig(**{name: choices[name] for name in (*CHOICES, "n_trees", "order")})
    assert choose_boosting([], again, 1).choices()["num_leaves"] == 31


def test_repeats_weigh_more_when_asked_to() -> None:
    """Two kinds of item are wanted as often, one of them many times: they are equals, and with weights they are not."""
    kind = np.arange(2_000) % 2
    label = np.where(np.arange(2_000) // 2 % 2 == 0, 1 + 6 * kind, 0).astype(np.int16)
    once = TrainingSet(kind[:, None].astype(np.float32), label, np.full(100, 20), ("kind",))
    lead = {}
    for flag in (False, True):
        given = RankerConfig(**{**GIVEN, "objective": "binary", "weigh_repeats": flag}, n_trees=12)
        low, high = boost([once], choose_boosting([], given, 1), given, 1).predict([[0.0], [1.0]])
        lead[flag] = high - low
    assert abs(lead[False]) < lead[True] / 5
    assert lead[True] > 0
