"""Whose order lists have, by measurement.

On a small or regular log the trees may know less than what they are made of. So the orders are compared where the
recipe of the trees is chosen, on past queries that did not train them, and the best is served.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from ranking.order import HALF_LIVES, USUAL_HALF_LIFE, Order
from ranking.training_set import TrainingSet

FUSED_FEATURE: Final = "fused_score"
CUT: Final = 10


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """The order that is served.

    Attributes
    ----------
    order : str
    half_life_days : int
        Of the order ``history``.
    ndcg : mapping of str to float
        NDCG@10 over candidates by order, the history's by half-life.
    """

    order: Order
    half_life_days: int = USUAL_HALF_LIFE
    ndcg: Mapping[str, float] = field(default_factory=dict)


def choose_order(ranker_ndcg: float, folds: Sequence[TrainingSet], noise: float) -> OrderChoice:
    """Choose the best order on queries that a ranker was validated on.

    Another than the ranker's must be better by more than the noise.
    """
    fused = _mean_ndcg(folds, [FUSED_FEATURE])
    by_half_life = {days: _mean_ndcg(folds, [FUSED_FEATURE, f"decayed_{days}d"]) for days in HALF_LIVES}
    half_life = max(by_half_life, key=lambda days: by_half_life[days])
    best: Order = "history" if by_half_life[half_life] > fused else "fused"
    is_better = max(by_half_life[half_life], fused) > ranker_ndcg + noise
    ndcg = {"ranker": ranker_ndcg, "fused": fused, **{f"history_{days}d": one for days, one in by_half_life.items()}}
    return OrderChoice(best if is_better else "ranker", half_life, ndcg)


def _mean_ndcg(folds: Sequence[TrainingSet], keys: list[str]) -> float:
    """The mean over the folds of the mean over their queries."""
    columns = [folds[0].names.index(key) for key in keys]
    return float(np.mean([np.mean([_ndcg(*query, columns) for query in fold.queries()]) for fold in folds]))


def _ndcg(features: npt.NDArray[np.float32], label: npt.NDArray[np.int16], keys: list[int]) -> float:
    """NDCG@10 of one query, ordered by features, the last key first: binary gain, ``1 / log2(1 + place)``."""
    order = np.lexsort([-features[:, key] for key in keys])
    discount = 1.0 / np.log2(np.arange(2, CUT + 2))
    gains = label[order][:CUT] > 0
    ideal = discount[: min(CUT, int((label > 0).sum()))].sum()
    return float(discount[: len(gains)][gains].sum() / ideal)
