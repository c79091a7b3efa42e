"""Training LightGBM: which objective and how many trees, by the lists they make on queries kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt

from ranking.settings import Objective, RankerConfig
from ranking.training_set import TrainingSet, with_fewer_negatives

OBJECTIVES: Final[tuple[Objective, ...]] = ("lambdarank", "rank_xendcg", "binary")
EVAL_AT: Final = 10
N_FOLDS: Final = 2
"""On how many parts a choice is validated, each trained on all the others."""


@dataclass(frozen=True, slots=True)
class Boosting:
    """What was chosen, and the NDCG@10 over candidates, averaged over the folds, that it was chosen by."""

    objective: Objective
    n_trees: int
    scores: dict[Objective, float]
    seed_noise: float

    def choices(self) -> dict[str, Any]:
        """For the manifest."""
        return {
            "objective": self.objective,
            "n_trees": self.n_trees,
            "valid_ndcg@10": {name: round(score, 6) for name, score in self.scores.items()},
            "seed_noise": round(self.seed_noise, 6),
        }


def choose_boosting(folds: Sequence[TrainingSet], config: RankerConfig, rng: int) -> Boosting:
    """Choose the objective and the number of trees on the first `N_FOLDS` folds in turn.

    An objective further down `OBJECTIVES` is taken only when it is better by more than another seed changes.
    """
    objectives = OBJECTIVES if config.objective == "auto" else (config.objective,)
    curves = {objective: _mean_curve(folds, objective, config, rng) for objective in objectives}
    noise = _seed_noise(folds, objectives[0], config, rng)
    best = objectives[0]
    for objective in objectives[1:]:
        if curves[objective].max() > curves[best].max() + noise:
            best = objective
    scores = {objective: float(curve.max()) for objective, curve in curves.items()}
    return Boosting(best, int(np.argmax(curves[best])) + 1, scores, noise)


def boost(
    training: TrainingSet, objective: Objective, n_trees: int, config: RankerConfig, rng: int
) -> lightgbm.Booster:
    """Train so many trees."""
    return lightgbm.train(_parameters(objective, len(training.label), config, rng), _dataset(training), n_trees)


def _mean_curve(
    folds: Sequence[TrainingSet], objective: Objective, config: RankerConfig, rng: int
) -> npt.NDArray[np.float64]:
    """Mean NDCG@10 over the folds after each tree, as far as all of them went."""
    curves = [_curve(folds, number, objective, config, rng) for number in range(min(N_FOLDS, len(folds)))]
    shortest = min(len(curve) for curve in curves)
    mean: npt.NDArray[np.float64] = np.mean([curve[:shortest] for curve in curves], axis=0)
    return mean


def _seed_noise(folds: Sequence[TrainingSet], objective: Objective, config: RankerConfig, rng: int) -> float:
    """How much another seed changes the best NDCG@10 on the first fold."""
    one, other = (_curve(folds, 0, objective, config, seed).max() for seed in (rng, rng + 1))
    return float(abs(one - other))


def _curve(
    folds: Sequence[TrainingSet], number: int, objective: Objective, config: RankerConfig, rng: int
) -> npt.NDArray[np.float64]:
    """NDCG@10 on one fold after each tree that was trained on the others."""
    training = with_fewer_negatives([one for place, one in enumerate(folds) if place != number], config, rng)
    dataset = _dataset(training)
    scores: dict[str, dict[str, list[float]]] = {}
    lightgbm.train(
        _parameters(objective, len(training.label), config, rng),
        dataset,
        config.max_trees,
        valid_sets=[_dataset(folds[number], reference=dataset)],
        callbacks=[
            lightgbm.early_stopping(config.early_stopping_rounds, verbose=False),
            lightgbm.record_evaluation(scores),
        ],
    )
    return np.array(scores["valid_0"][f"ndcg@{EVAL_AT}"])


def _parameters(objective: Objective, n_rows: int, config: RankerConfig, rng: int) -> dict[str, Any]:
    settings = config.model_dump(
        include={"learning_rate", "num_leaves", "feature_fraction", "bagging_fraction", "lambdarank_truncation_level"}
    )
    return settings | {
        "objective": objective,
        "metric": "ndcg",
        "eval_at": [EVAL_AT],
        "min_data_in_leaf": min(config.min_data_in_leaf, max(1, n_rows // 200)),
        "bagging_freq": 1,
        "seed": rng,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _dataset(training: TrainingSet, reference: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
    return lightgbm.Dataset(
        training.features,
        training.label,
        group=training.group_sizes,
        feature_name=list(training.names),
        reference=reference,
        params={"verbosity": -1},
    )
