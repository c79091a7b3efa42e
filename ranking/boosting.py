"""Training LightGBM: which objective and how many trees, by the lists they make on queries kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import lightgbm
import numpy as np
import numpy.typing as npt

from ranking.settings import Objective, RankerConfig
from ranking.training_set import TrainingSet, with_fewer_negatives

OBJECTIVES: Final[tuple[Objective, ...]] = ("lambdarank", "rank_xendcg", "binary")
EVAL_AT: Final = 10
TRIAL_QUERIES: Final = 4_000
VALID_QUERIES: Final = 1_000
"""So many queries to train and to validate on tell objectives and numbers of trees apart as well as all of them."""

Curve = npt.NDArray[np.float64]

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
    exams = [_Exam.of(folds, number, config, rng) for number in range(min(N_FOLDS, len(folds)))]
    curves = {objective: _mean_curve([exam.curve(objective, rng) for exam in exams]) for objective in objectives}
    noise = abs(exams[0].curve(objectives[0], rng + 1).max() - exams[0].curve(objectives[0], rng).max())
    best = objectives[0]
    for objective in objectives[1:]:
        if curves[objective].max() > curves[best].max() + noise:
            best = objective
    scores = {objective: float(curve.max()) for objective, curve in curves.items()}
    return Boosting(best, int(np.argmax(curves[best])) + 1, scores, float(noise))


def boost(
    training: TrainingSet, objective: Objective, n_trees: int, config: RankerConfig, rng: int
) -> lightgbm.Booster:
    """Train so many trees."""
    return lightgbm.train(_parameters(objective, len(training.label), config, rng), _dataset(training), n_trees)


@dataclass(frozen=True, slots=True)
class _Exam:
    """One fold, and all others to train on; LightGBM's bins are made once."""

    training: lightgbm.Dataset
    valid: lightgbm.Dataset
    n_rows: int
    config: RankerConfig
    _curves: dict[tuple[Objective, int], Curve] = field(default_factory=dict)

    @classmethod
    def of(cls, folds: Sequence[TrainingSet], number: int, config: RankerConfig, rng: int) -> Self:
        others = with_fewer_negatives([one for place, one in enumerate(folds) if place != number], config, rng)
        others = others.drawn(TRIAL_QUERIES, rng)
        training = _dataset(others)
        fold = folds[number]
        valid = _dataset(fold.part(0, min(len(fold), VALID_QUERIES)), reference=training)
        return cls(training, valid, len(others.label), config)

    def curve(self, objective: Objective, rng: int) -> Curve:
        """NDCG@10 on the fold after each tree."""
        if (objective, rng) not in self._curves:
            self._curves[objective, rng] = self._trained_curve(objective, rng)
        return self._curves[objective, rng]

    def _trained_curve(self, objective: Objective, rng: int) -> Curve:
        scores: dict[str, dict[str, list[float]]] = {}
        lightgbm.train(
            _parameters(objective, self.n_rows, self.config, rng),
            self.training,
            self.config.max_trees,
            valid_sets=[self.valid],
            callbacks=[
                lightgbm.early_stopping(self.config.early_stopping_rounds, verbose=False),
                lightgbm.record_evaluation(scores),
            ],
        )
        return np.array(scores["valid_0"][f"ndcg@{EVAL_AT}"])


def _mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean after each tree, as far as all of them went."""
    shortest = min(len(curve) for curve in curves)
    mean: Curve = np.mean([curve[:shortest] for curve in curves], axis=0)
    return mean


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
        params={"verbosity": -1, "feature_pre_filter": False},  # so that one set of bins serves all objectives
    )
