"""Training stage two: snapshots of the past, labels strictly after each, trees chosen on the latest window."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import lightgbm
import numpy as np
import numpy.typing as npt
from pydantic import Field

from candidate_gen.profile import build_profile
from candidate_gen.settings import CandidateConfig
from candidate_gen.training import fit_generator
from data.arrays.past import Past
from data.attributes import ItemAttributes
from data.interactions import Interactions
from data.splits import LabelWindow, label_windows
from ranking.features import FeatureContext, feature_names
from ranking.item_stats import fit_item_stats
from ranking.labels import Labels, collect_labels
from ranking.ranker import Ranker
from shortlist.config import ConfigModel
from shortlist.progress import Reporter

Objective = Literal["lambdarank", "rank_xendcg"]
OBJECTIVES: tuple[Objective, ...] = ("lambdarank", "rank_xendcg")
EVAL_AT = 10


class RankerConfig(ConfigModel):
    """Stage two. The names of the trees' settings are LightGBM's."""

    objective: Literal["auto", "lambdarank", "rank_xendcg"] = "auto"
    n_windows: int = Field(default=4, ge=2)
    horizon_days: float | None = Field(default=None, gt=0)
    max_queries_per_window: int = Field(default=2_000, ge=1)
    min_queries: int = Field(default=20, ge=1)
    negatives_per_query: int = Field(default=50, ge=1)
    learning_rate: float = Field(default=0.05, gt=0)
    num_leaves: int = Field(default=31, ge=2, le=64)
    min_data_in_leaf: int = Field(default=100, ge=1)
    feature_fraction: float = Field(default=0.7, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    lambdarank_truncation_level: int = Field(default=30, ge=1)
    max_trees: int = Field(default=300, ge=1)
    early_stopping_rounds: int = Field(default=40, ge=1)


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Queries (one user in one window), each with at least one positive.

    Attributes
    ----------
    features : ndarray of float32, shape (n, n_features)
    label : ndarray of int8, shape (n,)
    group_sizes : ndarray of int64, shape (n_queries,)
    names : tuple of str
        The features.
    """

    features: npt.NDArray[np.float32]
    label: npt.NDArray[np.int8]
    group_sizes: npt.NDArray[np.int64]
    names: tuple[str, ...]


def fit_context(past: Past, attributes: ItemAttributes, config: CandidateConfig) -> FeatureContext:
    """The features of candidates of the sources that are switched on."""
    return FeatureContext.of(fit_item_stats(past, attributes), attributes, source_names(config))


def source_names(config: CandidateConfig) -> tuple[str, ...]:
    """The names of the sources that are switched on."""
    return tuple(source.name for source in config.sources())


def fit_ranker(
    interactions: Interactions,
    attributes: ItemAttributes,
    as_of: int,
    config: RankerConfig,
    candidate_config: CandidateConfig,
    rng: int,
    reporter: Reporter,
) -> tuple[Ranker | None, dict[str, Any]]:
    """Train the ranker on windows that end at `as_of` (seconds).

    The latest window decides on the objective and the number of trees; the ranker is then fitted again on all windows.

    Returns
    -------
    ranker : Ranker or None
        None when the log has too short a past or too few users with a positive; the reason is in `choices`.
    choices : dict
        What was chosen, and the NDCG@10 over candidates that it was chosen by.
    """
    windows = label_windows(interactions.timestamp, as_of, config.n_windows, config.horizon_days)
    sets = [
        build_training_set(interactions, attributes, window, config, candidate_config, rng)
        for window in reporter.track(windows, len(windows), "label windows")
    ]
    sets = [one for one in sets if len(one.group_sizes) >= config.min_queries]
    if len(sets) < 2:
        reason = (
            f"{len(sets)} of {len(windows)} label windows hold {config.min_queries} users with a positive; 2 are needed"
        )
        reporter.step(f"no ranker: {reason}; stage one orders alone")
        return None, {"ranker": "none", "reason": reason}
    choices = _choose(sets, config, rng)
    reporter.step(f"ranker: {choices['objective']}, {choices['n_trees']} trees, {choices['n_queries']:,} queries")
    booster = _train(_joined(sets, config, rng), choices["objective"], choices["n_trees"], config, rng)
    return Ranker(booster), {
        "ranker": "lightgbm",
        "horizon_days": (windows[0].end - windows[0].start) / 86_400,
        **choices,
    }


def build_training_set(
    interactions: Interactions,
    attributes: ItemAttributes,
    window: LabelWindow,
    config: RankerConfig,
    candidate_config: CandidateConfig,
    rng: int,
) -> TrainingSet:
    """Take a snapshot at the window's start, and label its candidates by what was done in the window.

    Both stages' models are fitted on the snapshot's past alone. Queries without a positive candidate are dropped.
    """
    past = Past.before(interactions, window.start)
    names = feature_names(source_names(candidate_config))
    if not len(past):
        return _concatenate([], names)
    generator, _ = fit_generator(past, attributes, candidate_config, rng)
    context = fit_context(past, attributes, candidate_config)
    labels = collect_labels(interactions, window)
    queries = []
    for row in _sampled_rows(past, labels, config.max_queries_per_window, rng):
        profile = build_profile(past.history(int(labels.user_idx[row])))
        candidates = generator.candidates(profile)
        label = np.isin(candidates.item_idx, labels.of(row))
        if label.any():
            queries.append((context.features(profile, candidates), label.astype(np.int8)))
    return _concatenate(queries, names)


def _sampled_rows(past: Past, labels: Labels, n: int, rng: int) -> npt.NDArray[np.int64]:
    """Rows of users with a history, at most `n` of them."""
    rows = np.flatnonzero(np.diff(past.interactions.user_offsets)[labels.user_idx] > 0)
    if len(rows) <= n:
        return rows
    return np.sort(np.random.default_rng(rng).choice(rows, size=n, replace=False))


def _choose(sets: Sequence[TrainingSet], config: RankerConfig, rng: int) -> dict[str, Any]:
    """Choose the objective and the number of trees on the latest window."""
    objectives = OBJECTIVES if config.objective == "auto" else (config.objective,)
    earlier = _joined(sets[1:], config, rng)
    tried = {
        objective: _train(earlier, objective, config.max_trees, config, rng, valid=sets[0]) for objective in objectives
    }
    scores = {objective: booster.best_score["valid_0"][f"ndcg@{EVAL_AT}"] for objective, booster in tried.items()}
    best = max(objectives, key=lambda objective: scores[objective])
    return {
        "objective": best,
        "n_trees": tried[best].best_iteration,
        "n_queries": sum(len(one.group_sizes) for one in sets),
        "valid_ndcg@10": {objective: round(float(score), 6) for objective, score in scores.items()},
    }


def _train(
    training: TrainingSet,
    objective: Objective,
    n_trees: int,
    config: RankerConfig,
    rng: int,
    valid: TrainingSet | None = None,
) -> lightgbm.Booster:
    """Train `n_trees` trees, or with a validation set as many as it is best with."""
    dataset = _dataset(training)
    callbacks: list[Callable[..., Any]] = (
        [] if valid is None else [lightgbm.early_stopping(config.early_stopping_rounds, verbose=False)]
    )
    return lightgbm.train(
        _parameters(objective, len(training.label), config, rng),
        dataset,
        num_boost_round=n_trees,
        valid_sets=None if valid is None else [_dataset(valid, reference=dataset)],
        callbacks=callbacks,
    )


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


def _joined(sets: Sequence[TrainingSet], config: RankerConfig, rng: int) -> TrainingSet:
    """One training set of several, with a sample of each query's negatives."""
    draw = np.random.default_rng(rng)
    queries = []
    for one in sets:
        for start, size in zip(np.cumsum(one.group_sizes) - one.group_sizes, one.group_sizes, strict=True):
            rows = slice(int(start), int(start + size))
            kept = _sampled_negatives(one.label[rows], config.negatives_per_query, draw)
            queries.append((one.features[rows][kept], one.label[rows][kept]))
    return _concatenate(queries, sets[0].names)


def _sampled_negatives(label: npt.NDArray[np.int8], n: int, draw: np.random.Generator) -> npt.NDArray[np.int64]:
    """The rows of all positives and of at most `n` negatives, in their order."""
    negatives = np.flatnonzero(label == 0)
    if len(negatives) > n:
        negatives = draw.choice(negatives, size=n, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(label), negatives]))


def _concatenate(
    queries: Iterable[tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]], names: tuple[str, ...]
) -> TrainingSet:
    queries = list(queries)
    if not queries:
        empty = np.zeros((0, len(names)), dtype=np.float32)
        return TrainingSet(empty, np.zeros(0, dtype=np.int8), np.zeros(0, dtype=np.int64), names)
    return TrainingSet(
        features=np.concatenate([features for features, _ in queries]),
        label=np.concatenate([label for _, label in queries]),
        group_sizes=np.array([len(label) for _, label in queries], dtype=np.int64),
        names=names,
    )
