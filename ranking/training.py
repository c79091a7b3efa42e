"""Training stage two: snapshots of the past, labels that each was without, trees chosen on queries kept apart."""

from collections.abc import Iterable
from typing import Any

from data.attributes import ItemAttributes
from ranking.boosting import boost, choose_boosting
from ranking.ranker import Ranker
from ranking.settings import RankerConfig
from ranking.snapshots import LabelPlan, Snapshot
from ranking.stage_one import StageOne
from ranking.training_set import TrainingSet, build_training_set, folds
from shortlist.progress import Reporter

MIN_FOLDS = 2


def fit_ranker(
    plan: LabelPlan,
    snapshots: Iterable[Snapshot],
    attributes: ItemAttributes,
    config: RankerConfig,
    stage_one: StageOne,
    rng: int,
    reporter: Reporter,
) -> tuple[Ranker | None, dict[str, Any]]:
    """Train the ranker on the snapshots of a plan.

    Returns
    -------
    ranker : Ranker or None
        None when the log has too few users with a positive; the reason is in `choices`.
    choices : dict
        What was chosen, and the figures that it was chosen by.
    """
    tracked = reporter.track(snapshots, len(plan), "label snapshots")
    built = [
        (snapshot.scheme, build_training_set(snapshot, attributes, config, stage_one, rng)) for snapshot in tracked
    ]
    kept = [(scheme, one) for scheme, one in built if len(one) >= config.min_queries]
    parts = folds([one for _, one in kept], [scheme for scheme, _ in kept])
    labels = {"labels": plan.schemes, "label_figures": plan.figures}
    if len(parts) < MIN_FOLDS:
        reason = f"{len(kept)} of {len(plan)} label snapshots hold {config.min_queries} users with a positive"
        reporter.step(f"no ranker: {reason}; stage one orders alone")
        return None, {"ranker": "none", "reason": reason, **labels}
    return _fitted(parts, config, rng, reporter, labels)


def _fitted(
    parts: list[TrainingSet], config: RankerConfig, rng: int, reporter: Reporter, labels: dict[str, Any]
) -> tuple[Ranker, dict[str, Any]]:
    chosen = choose_boosting(parts, config, rng)
    n_queries = sum(len(one) for one in parts)
    leaves = f"{chosen.n_trees} trees of {chosen.recipe.num_leaves} leaves"
    reporter.step(f"ranker: {chosen.recipe.objective}, {leaves}, {n_queries:,} queries; order: {chosen.order.order}")
    booster = boost(parts, chosen, config, rng)
    return Ranker.of(booster), {"ranker": "lightgbm", "n_queries": n_queries, **labels, **chosen.choices()}
