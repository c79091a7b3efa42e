"""Whose order lists have."""

import numpy as np
import pytest

from candidate_gen.profile import build_profile
from ranking.boosting import choose_boosting
from ranking.order import HALF_LIVES, fused_order, history_order
from ranking.order_choice import choose_order
from ranking.settings import RankerConfig
from ranking.training_set import TrainingSet

NAMES = ("noise", "fused_score", *(f"decayed_{days}d" for days in HALF_LIVES))
N_QUERIES, N_CANDIDATES = 60, 40


def part(seed: int, told_by: str) -> TrainingSet:
    """Queries of which one feature says all, the others nothing."""
    draw = np.random.default_rng(seed)
    features = draw.random((N_QUERIES * N_CANDIDATES, len(NAMES))).astype(np.float32)
    column = features[:, NAMES.index(told_by)].reshape(N_QUERIES, N_CANDIDATES)
    label = (column >= np.sort(column)[:, [-3]]).astype(np.int16).ravel()
    return TrainingSet(features, label, np.full(N_QUERIES, N_CANDIDATES), NAMES)


@pytest.mark.parametrize(
    ("told_by", "order", "figure"), [("decayed_21d", "history", "history_21d"), ("fused_score", "fused", "fused")]
)
def test_the_order_that_is_best_on_parts_kept_apart_is_taken(told_by: str, order: str, figure: str) -> None:
    """One tree of two leaves knows less than the feature that it is made of."""
    parts = [part(seed, told_by) for seed in range(2)]
    one_tree = {"max_trees": 1, "num_leaves": 2, "feature_fraction": 1.0, "bagging_fraction": 1.0}
    config = RankerConfig(**one_tree, objective="binary", weigh_repeats=False, negatives_per_query=50)
    chosen = choose_boosting(parts, config, 1)
    reached = chosen.tried["order"]
    assert chosen.choices()["order"] == order
    assert order != "history" or chosen.choices()["order_half_life_days"] == 21
    assert reached[figure] == 1.0
    assert reached[figure] > reached["ranker"] + chosen.seed_noise


def test_the_ranker_keeps_its_place_within_the_noise() -> None:
    """Another order must be better by more than another seed changes."""
    parts = [part(1, "decayed_60d")]
    assert choose_order(0.99, parts, 0.02).order == "ranker"
    assert choose_order(0.97, parts, 0.02).order == "history"


def test_ndcg_of_an_order_by_hand() -> None:
    """Two wanted items of four; ties of the history go by stage one."""
    features = np.zeros((4, len(NAMES)), np.float32)
    features[:, NAMES.index("fused_score")] = [0.4, 0.3, 0.2, 0.1]
    features[3, NAMES.index("decayed_7d")] = 9
    one = TrainingSet(features, np.array([1, 0, 2, 0], np.int16), np.array([4]), NAMES)
    ideal = 1 + 1 / np.log2(3)
    ndcg = choose_order(0.5, [one], 0.0).ndcg
    assert ndcg["fused"] == ndcg["history_21d"] == pytest.approx((1 + 1 / np.log2(4)) / ideal)
    assert ndcg["history_7d"] == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / ideal)


def test_candidates_stand_in_the_order_that_is_asked_for(make_candidates, make_history) -> None:
    """By history first, own items come by their weight and the rest as stage one has them; scores fall."""
    candidates = make_candidates([0, 1, 2, 3])
    candidates.fused[:] = [0.1, 0.2, 0.9, 0.3]
    profile = build_profile(make_history(100, [(1, 99, 1, 2), (1, 98, 1, 2), (3, 10, 1, 2), (7, 99, 1, 2)]))
    assert np.argsort(-fused_order(candidates)).tolist() == [2, 3, 1, 0]
    by_history = history_order(candidates, profile, 60)
    assert np.argsort(-by_history).tolist() == [1, 3, 2, 0]
    assert len(set(by_history)) == 4
