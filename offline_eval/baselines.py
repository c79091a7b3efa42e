"""The systems that a two-stage recommender must beat to be worth its keep, tuned as they would be in earnest.

Weak or untuned baselines make any method look good: Ferrari Dacrema, Cremonesi and Jannach, "Are We Really Making Much
Progress?", RecSys 2019; Rendle et al., "Revisiting the Performance of iALS", RecSys 2022.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from candidate_gen.index import IndexConfig, build_index
from candidate_gen.popularity import decayed_targets
from candidate_gen.profile import HALF_LIVES_DAYS, INTEREST_HALF_LIFE_DAYS, build_profile
from candidate_gen.source import Source
from candidate_gen.sources.als import Als, AlsConfig, fit_als
from candidate_gen.sources.item_knn import ItemKnn, ItemKnnConfig, fit_neighbors
from candidate_gen.sources.popular import Popular, PopularConfig
from data.arrays.past import Past
from data.interactions import History, Interactions
from offline_eval.ease import Ease
from offline_eval.filling import Allowed, Items, filled
from offline_eval.systems import System
from offline_eval.tifu_knn import TifuKnn
from offline_eval.tuning import Choice, PastWindow, choose, past_windows
from shortlist.progress import Reporter, SilentReporter

BASELINES: Final = ("popularity", "recent_popularity", "personal_frequency", "item_knn", "als", "ease", "tifu_knn")
"""The names of all systems of this module."""

RECENT_HALF_LIVES_DAYS: Final = (2.0, 7.0, 14.0, 30.0, 60.0, 120.0)
ALS_WEIGHTS: Final = (
    (1.0, 8.0),
    (1.0, 15.0),
    (0.3, 5.0),
    (3.0, 15.0),
    (10.0, 50.0),
    (40.0, 200.0),
)
"""Pairs of alpha and regularization: what an interaction counts for, and ridges that have been good beside it."""

EASE_REGULARIZATION: Final = (100.0, 10.0, 1_000.0, 5_000.0)
EASE_TRIAL_ITEMS: Final = 3_000
"""So many items tell regularisations apart, at a twentieth of the cost."""

OWN_SHARES: Final = (0.5, 0.1, 0.3, 0.7, 0.9)
"""What a user's own frequencies count in TIFU-kNN: shops differ widely."""


@dataclass(frozen=True, slots=True)
class SourceSystem:
    """The lists of one candidate source alone, filled up with what is popular where it finds too few.

    Attributes
    ----------
    source : Source
    filler : Popular or None
        What fills up; None leaves lists short.
    name : str
    choices : mapping of str to float
        What was chosen for it.
    """

    source: Source
    filler: Popular | None
    name: str
    choices: Mapping[str, float] = field(default_factory=dict)

    def ranking(self, history: History, n: int, allowed: Allowed) -> Items:
        """The items that the source finds, best first."""
        found = self.source.found(self.source.ask(build_profile(history)), n, allowed)
        return found if self.filler is None else filled(found, self.filler, n, allowed)


@dataclass(frozen=True, slots=True)
class PersonalFrequency:
    """What the user dealt with most often and most recently, filled up with what is popular.

    Hard to beat where people buy again: Li et al., "A Next Basket Recommendation Reality Check", TOIS 2023.

    Attributes
    ----------
    popularity : Popular
        Breaks ties and fills up.
    half_life_days : int
        How fast an interaction fades, one of ``HALF_LIVES_DAYS``.
    """

    popularity: Popular
    half_life_days: int
    name: str = "personal_frequency"

    @property
    def choices(self) -> dict[str, float]:
        """The half-life."""
        return {"half_life_days": self.half_life_days}

    def ranking(self, history: History, n: int, allowed: Allowed) -> Items:
        """The user's items by decayed weight, then by recent popularity; then popular ones."""
        profile = build_profile(history)
        popular = self.popularity.popularity[profile.item_idx]
        order = np.lexsort((profile.item_idx, -popular, -profile.decayed_at(self.half_life_days)))
        own = profile.item_idx[order]
        return filled(own if allowed is None else own[allowed[own]], self.popularity, n, allowed)


def fit_baselines(
    interactions_before_cut: Interactions,
    cut: int,
    horizon_seconds: int,
    rng: int | np.random.Generator = 0,
    reporter: Reporter | None = None,
    *,
    k: int = 10,
    windows: list[PastWindow] | None = None,
) -> list[System]:
    """Tune every baseline on windows before the cut, then fit it on all that lies before the cut.

    Parameters
    ----------
    interactions_before_cut : Interactions
        What lies at or after `cut` is ignored.
    cut, horizon_seconds : int
        When the test window begins, and its length, in seconds.
    k : int
        Settings are chosen by NDCG at this cut-off.
    windows : list of PastWindow, optional
        What to choose on instead of windows of that length.

    Returns
    -------
    list of System
        In the order of `BASELINES`; those that were tuned say so in ``choices``.
    """
    reporter = reporter or SilentReporter()
    generator = np.random.default_rng(rng)
    past = Past.before(interactions_before_cut, cut)
    if windows is None:
        windows = past_windows(past.interactions, cut, horizon_seconds, generator)
    seed = int(generator.integers(2**31))
    recent_choice = choose_popularity_half_life(windows, k)
    reporter.step(_said("recent_popularity, half-life in days", recent_choice, k))
    recent = _fit_recent(past, recent_choice.best)
    personal_choice = _choose_personal_half_life(windows, k, recent_choice.best)
    reporter.step(_said("personal_frequency, half-life in days", personal_choice, k))
    als_choice = choose_als_weights(windows[:1], k, seed, reporter)
    reporter.step(_said("als, alpha and regularization", als_choice, k))
    ease_choice = _choose_ease(windows[:1], k, recent_choice.best)
    reporter.step(_said("ease, regularization", ease_choice, k))
    tifu_choice = _choose_own_share(windows[:1], k, recent_choice.best, seed)
    reporter.step(_said("tifu_knn, own share", tifu_choice, k))
    return [
        SourceSystem(_fit_recent(past, math.inf), None, "popularity"),
        _recent_system(recent, recent_choice.best),
        PersonalFrequency(recent, personal_choice.best),
        SourceSystem(ItemKnn(fit_neighbors(past, ItemKnnConfig()), ItemKnnConfig().recent_items), recent, "item_knn"),
        fit_als_system(past, _als_config(als_choice.best), seed),
        Ease.fit(past, ease_choice.best, recent),
        TifuKnn.fit(past, tifu_choice.best, recent, seed),
    ]


def choose_half_life(
    interactions_before_cut: Interactions,
    cut: int,
    horizon_seconds: int,
    k: int,
    *,
    rng: int | np.random.Generator = 0,
) -> Choice[int]:
    """Choose the half-life of `PersonalFrequency` among ``HALF_LIVES_DAYS``, by NDCG@k on windows before the cut.

    Parameters
    ----------
    interactions_before_cut : Interactions
        What lies at or after `cut` is ignored.
    cut, horizon_seconds : int
        When the test window begins, and the length of each window, in seconds.

    Returns
    -------
    Choice of int
        60 days, without scores, when the past is too short for a window.
    """
    windows = past_windows(interactions_before_cut, cut, horizon_seconds, rng)
    return _choose_personal_half_life(windows, k, PopularConfig().half_life_days)


def choose_popularity_half_life(windows: list[PastWindow], k: int) -> Choice[float]:
    """Choose how fast popularity fades, in days; the product's own default without windows."""

    def build(half_life_days: float, window: PastWindow) -> System:
        return _recent_system(_fit_recent(window.past, half_life_days), half_life_days)

    return choose(RECENT_HALF_LIVES_DAYS, PopularConfig().half_life_days, windows, build, k)


def choose_als_weights(
    windows: list[PastWindow], k: int, seed: int, reporter: Reporter | None = None
) -> Choice[tuple[float, float]]:
    """Choose alpha and regularisation among `ALS_WEIGHTS`; the product's own defaults without windows."""

    def build(weights: tuple[float, float], window: PastWindow) -> System:
        return fit_als_system(window.past, _als_config(weights), seed)

    tracked = (reporter or SilentReporter()).track(ALS_WEIGHTS, len(ALS_WEIGHTS), "ALS settings")
    default = AlsConfig()
    return choose(tracked, (default.alpha, default.regularization), windows, build, k)


def fit_als_system(past: Past, config: AlsConfig, seed: int) -> SourceSystem:
    """Matrix factorisation alone: every item scored, none lost to an approximate search."""
    model = fit_als(past, config, seed)
    no_users = np.zeros((0, config.factors), dtype=np.float32)
    index, _ = build_index(model.item_factors, no_users, 1, IndexConfig())  # exact, for want of users
    settings = config.model_dump(include={"factors", "alpha", "regularization", "iterations", "half_life_days"})
    return SourceSystem(Als(model, index), None, "als", {name: float(value) for name, value in settings.items()})


def _choose_personal_half_life(windows: list[PastWindow], k: int, popularity_half_life_days: float) -> Choice[int]:
    popularity = {window.as_of: _fit_recent(window.past, popularity_half_life_days) for window in windows}

    def build(half_life_days: int, window: PastWindow) -> System:
        return PersonalFrequency(popularity[window.as_of], half_life_days)

    return choose(HALF_LIVES_DAYS, INTEREST_HALF_LIFE_DAYS, windows, build, k)


def _choose_ease(windows: list[PastWindow], k: int, popularity_half_life_days: float) -> Choice[float]:
    def build(regularization: float, window: PastWindow) -> System:
        filler = _fit_recent(window.past, popularity_half_life_days)
        return Ease.fit(window.past, regularization, filler, EASE_TRIAL_ITEMS)

    return choose(EASE_REGULARIZATION, EASE_REGULARIZATION[0], windows, build, k)


def _choose_own_share(windows: list[PastWindow], k: int, popularity_half_life_days: float, seed: int) -> Choice[float]:
    fitted = {
        window.as_of: TifuKnn.fit(window.past, 0.5, _fit_recent(window.past, popularity_half_life_days), seed)
        for window in windows
    }

    def build(own_share: float, window: PastWindow) -> System:
        return fitted[window.as_of].with_own_share(own_share)

    return choose(OWN_SHARES, OWN_SHARES[0], windows, build, k)


def _fit_recent(past: Past, half_life_days: float) -> Popular:
    return Popular.of(decayed_targets(past, half_life_days))


def _recent_system(recent: Popular, half_life_days: float) -> SourceSystem:
    return SourceSystem(recent, None, "recent_popularity", {"half_life_days": half_life_days})


def _als_config(weights: tuple[float, float]) -> AlsConfig:
    alpha, regularization = weights
    return AlsConfig(alpha=alpha, regularization=regularization)


def _said(what: str, choice: Choice[Any], k: int) -> str:
    """What was chosen and from what, in a line."""
    if not choice.scores:
        return f"{what}: {choice.best}, the default, since the past is too short to choose"
    tried = ", ".join(f"{setting}: {score:.4f}" for setting, score in choice.scores)
    return f"{what}: {choice.best} chosen on earlier windows (NDCG@{k} {tried})"
