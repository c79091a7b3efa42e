"""Compiled trees say what LightGBM says."""

from dataclasses import replace

import lightgbm
import numpy as np
import pytest

from ranking.compiled import MAX_LEAVES, CompiledTrees, proven_trees
from ranking.model_text import check_model_text, trim_model_text
from ranking.ranker import Ranker, load_ranker

N_FEATURES = 6
NAMES = tuple(f"f{number}" for number in range(N_FEATURES))


def grown(num_leaves: int, objective: str = "lambdarank", n_trees: int = 20, seed: int = 1) -> lightgbm.Booster:
    """A booster over features of few values and of many, some of which tie."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(4_000, N_FEATURES)).astype(np.float32)
    features[:, 0] = np.round(features[:, 0])
    features[:, 1] = features[:, 1] > 0
    features[:, 2] = 1e9 * features[:, 2]
    label = (features[:, 0] + draw.normal(size=4_000) > 0.5).astype(int)
    data = lightgbm.Dataset(features, label, group=np.full(40, 100), feature_name=list(NAMES))
    parameters = {"objective": objective, "num_leaves": num_leaves, "min_data_in_leaf": 1, "seed": seed}
    return lightgbm.train(parameters | {"verbosity": -1}, data, n_trees)


def text_of(booster: lightgbm.Booster) -> str:
    """The model's text, sound."""
    text = trim_model_text(booster.model_to_string())
    check_model_text(text, NAMES)
    return text


def rows(n: int, seed: int = 2) -> np.ndarray:
    """Rows like those trained on, extremes among them."""
    draw = np.random.default_rng(seed)
    found = draw.normal(size=(n, N_FEATURES)).astype(np.float32)
    found[:, 0] = np.round(found[:, 0])
    found[::3, 2] *= np.float32(1e9)
    found[::7] = np.finfo(np.float32).max
    found[1::7] = -np.finfo(np.float32).max
    found[2::7] = draw.choice(np.float32([0, 1e-35, -1e-35, 1e-36, -1e-36, 1e-40]), size=found[2::7].shape)
    return found


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg", "binary"])
@pytest.mark.parametrize("num_leaves", [2, 3, 31, 32, 33, 63, 64])
def test_scores_are_lightgbm_s(num_leaves: int, objective: str) -> None:
    """Whatever the word, and on single rows too; sums have the same bits, since their order is the same."""
    booster = grown(num_leaves, objective)
    trees = proven_trees(booster, text_of(booster))
    assert trees is not None
    assert trees.mask.dtype == (np.uint32 if num_leaves <= 32 else np.uint64)
    for n in (0, 1, 300):
        expected = booster.predict(rows(n)) if n else np.zeros(0)
        if objective == "binary":
            np.testing.assert_allclose(trees.scores(rows(n)), expected, rtol=1e-12)
        else:
            np.testing.assert_array_equal(trees.scores(rows(n)), expected)


def test_a_threshold_between_two_float32_numbers_is_kept_apart() -> None:
    """On each threshold, and just above it, a row takes LightGBM's way."""
    booster = grown(31)
    trees = CompiledTrees.of(text_of(booster))
    assert trees is not None
    touched = trees._rows_at_thresholds(N_FEATURES)
    for number in range(N_FEATURES):
        wanted = trees.threshold[trees.feature == number]
        assert set(wanted) <= set(touched[:, number])
        assert set(np.nextafter(wanted, np.float32(np.inf))) <= set(touched[:, number])
    np.testing.assert_array_equal(trees.scores(touched), booster.predict(touched))


def test_trees_of_one_leaf_add_their_value() -> None:
    """A model that learnt nothing gives everybody the same."""
    constant = np.ones((100, N_FEATURES), np.float32)
    data = lightgbm.Dataset(constant, np.arange(100) % 2, group=[100], feature_name=list(NAMES))
    booster = lightgbm.train({"objective": "lambdarank", "verbosity": -1}, data, 3)
    trees = proven_trees(booster, text_of(booster))
    assert trees is not None
    np.testing.assert_array_equal(trees.scores(rows(5)), booster.predict(rows(5)))


def test_lightgbm_stands_in_and_says_so() -> None:
    """A tree of more leaves than a word has bits is LightGBM's; one that says something else is not trusted."""
    large = grown(MAX_LEAVES + 1, n_trees=2)
    assert proven_trees(large, text_of(large)) is None
    ranker = load_ranker(text_of(large), NAMES)
    assert ranker.scorer == "lightgbm"
    np.testing.assert_array_equal(ranker.scores(rows(9)), large.predict(rows(9)))
    small = grown(7)
    assert Ranker.of(small).scorer == "compiled"
    trees = CompiledTrees.of(text_of(small))
    assert trees is not None
    assert trees.agrees_with(small)
    off_by_one = np.nextafter(trees.threshold, np.float32(np.inf))
    assert not replace(trees, threshold=off_by_one).agrees_with(small)
    assert not trees.agrees_with(grown(7, seed=3))
