"""Choosing what ALS counts an interaction for, on labels of the past.

Shops differ a hundredfold in the best weight and ridge, so no default is fair: Rendle et al., "Revisiting the
Performance of iALS on Item Recommendation Benchmarks", RecSys 2022.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from candidate_gen.profile import build_profile
from candidate_gen.sources.als import AlsConfig, AlsModel, HalfLifeDays, fit_als
from data.arrays.labels import Labels
from data.arrays.past import Past

Setting = tuple[float, float, HalfLifeDays]

SETTINGS: Final[tuple[Setting, ...]] = (
    (1.0, 8.0, 120),
    (50.0, 10.0, 3650),
    (20.0, 50.0, 3650),
    (0.3, 5.0, 120),
    (5.0, 20.0, 365),
    (100.0, 100.0, 3650),
    (1.0, 15.0, 365),
    (10.0, 3.0, 3650),
    (0.3, 15.0, 60),
    (200.0, 30.0, 3650),
    (20.0, 100.0, 3650),
    (3.0, 15.0, 3650),
    (50.0, 200.0, 365),
)
"""Alpha, regularization and half-life in days, the most different first, so that a short search sees all kinds."""

SEARCH_USERS: Final = 1_000
DEPTH: Final = 20
LONG_HISTORY_ITEMS: Final = 180
"""Folding in so many items takes 0.25 ms at 128 factors; above it 64 are as many as a request can afford."""

SHORT_FACTORS: Final = 64


@dataclass(frozen=True, slots=True)
class AlsChoice:
    """The settings chosen, and the mean NDCG@20 on items new to the user of each that was tried."""

    config: AlsConfig
    scores: tuple[tuple[Setting, float], ...]

    def choices(self) -> dict[str, Any]:
        """For the manifest: with `search_seconds = 0` and these settings the same model is fitted."""
        chosen = self.config.model_dump(include={"factors", "alpha", "regularization", "half_life_days"})
        tried = [[*setting, round(score, 5)] for setting, score in self.scores]
        return {"als": chosen | {"tried": tried}}


def choose_als(
    past: Past,
    labels: Labels,
    config: AlsConfig,
    rng: int,
    clock: Callable[[], float] = time.monotonic,
) -> AlsChoice:
    """Choose alpha, regularisation and half-life by the lists that ALS alone makes for labelled users.

    Settings are tried until ``config.search_seconds`` are over; the one given in `config` first. The dimension is
    the configured one, or 64 where histories are so long that folding one in would take too long.
    """
    rows = _tested_rows(past, labels, rng)
    affordable = config.model_copy(update={"factors": min(config.factors, _affordable_factors(past))})
    if not config.search_seconds or not len(rows):
        return AlsChoice(config if not config.search_seconds else affordable, ())
    begin, scores = clock(), []
    for setting in _in_order(config):
        model = fit_als(past, _with(affordable, setting), rng)
        scores.append((setting, _mean_ndcg(model, past, labels, rows)))
        if clock() - begin > config.search_seconds:
            break
    best = max(scores, key=lambda scored: scored[1])[0]
    return AlsChoice(_with(affordable, best), tuple(scores))


def _in_order(config: AlsConfig) -> Iterator[Setting]:
    own = (config.alpha, config.regularization, config.half_life_days)
    yield own
    yield from (setting for setting in SETTINGS if setting != own)


def _with(config: AlsConfig, setting: Setting) -> AlsConfig:
    alpha, regularization, half_life_days = setting
    return config.model_copy(
        update={"alpha": alpha, "regularization": regularization, "half_life_days": half_life_days}
    )


def _affordable_factors(past: Past) -> int:
    """The largest dimension that the 90th percentile of histories can be folded into in time."""
    lengths = np.diff(past.pairs().indptr)
    lengths = lengths[lengths > 0]
    is_long = len(lengths) and np.quantile(lengths, 0.9) > LONG_HISTORY_ITEMS
    return SHORT_FACTORS if is_long else AlsConfig.model_fields["factors"].default


def _tested_rows(past: Past, labels: Labels, rng: int) -> npt.NDArray[np.int64]:
    """Rows of users with a history, at most `SEARCH_USERS`."""
    rows = np.flatnonzero(np.diff(past.interactions.user_offsets)[labels.user_idx] > 0)
    return np.random.default_rng(rng).permutation(rows)[:SEARCH_USERS]


def _mean_ndcg(model: AlsModel, past: Past, labels: Labels, rows: npt.NDArray[np.int64]) -> float:
    """Mean NDCG@20 over users with a label that is new to them, own items left out; over all where none is new."""
    scores = [_ndcg(model, past, labels, int(row)) for row in rows]
    new = [score for score, is_new in scores if is_new]
    return float(np.mean(new or [score for score, _ in scores]))


def _ndcg(model: AlsModel, past: Past, labels: Labels, row: int) -> tuple[float, bool]:
    profile = build_profile(past.history(int(labels.user_idx[row])))
    relevant = labels.of(row)
    new = relevant[~np.isin(relevant, profile.item_idx)]
    score = model.item_factors @ model.user_factor(profile)
    if len(new):
        score[profile.item_idx] = -np.inf
    n = min(DEPTH, len(score))
    top = np.argpartition(-score, n - 1)[:n]
    ranked = top[np.argsort(-score[top], kind="stable")]
    return _binary_ndcg(np.isin(ranked, new if len(new) else relevant), len(new) or len(relevant)), bool(len(new))


def _binary_ndcg(hits: npt.NDArray[np.bool_], n_relevant: int) -> float:
    discount = 1.0 / np.log2(np.arange(2, len(hits) + 2))
    return float((hits * discount).sum() / discount[: min(n_relevant, len(hits))].sum())
