"""Choosing a baseline's settings on windows that end before the cut, so that the test window has no say in them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np

from data.arrays.past import Past
from data.interactions import Interactions
from offline_eval.metrics import ndcg_at_k
from offline_eval.protocol import TestSet, build_test_set
from offline_eval.systems import System, user_lists

Setting = TypeVar("Setting")

N_WINDOWS: Final = 2
USERS_PER_WINDOW: Final = 1_000


@dataclass(frozen=True, slots=True)
class PastWindow:
    """A test window in the past, with what was known when it began.

    Attributes
    ----------
    past : Past
        What was known at ``as_of``.
    as_of : int
        When the window begins, in seconds.
    test_set : TestSet
    """

    past: Past
    as_of: int
    test_set: TestSet


@dataclass(frozen=True, slots=True)
class Choice(Generic[Setting]):
    """The setting chosen, and the mean NDCG of each that was tried; no score when the past is too short to try any."""

    best: Setting
    scores: tuple[tuple[Setting, float], ...]


def past_windows(
    interactions: Interactions, cut: int, horizon_seconds: int, rng: int | np.random.Generator = 0
) -> list[PastWindow]:
    """The last windows before the cut, each as long as the test window, the latest first.

    Parameters
    ----------
    interactions : Interactions
        What lies at or after `cut` is ignored.
    cut, horizon_seconds : int
        When the test window begins, and its length, in seconds.
    rng : int or Generator
        Draws at most `USERS_PER_WINDOW` users for each.

    Returns
    -------
    list of PastWindow
        Windows in which no user can be tested are left out.
    """
    if horizon_seconds <= 0:
        raise ValueError(f"a window must have a length: {horizon_seconds} seconds")
    generator = np.random.default_rng(rng)
    windows = []
    for number in range(1, N_WINDOWS + 1):
        as_of = cut - number * horizon_seconds
        known = interactions.before(as_of + horizon_seconds)
        test_set = build_test_set(known, as_of, as_of + horizon_seconds).drawn(USERS_PER_WINDOW, generator)
        if len(test_set):
            windows.append(PastWindow(Past.before(known, as_of), as_of, test_set))
    return windows


def choose(
    settings: Iterable[Setting],
    default: Setting,
    windows: Sequence[PastWindow],
    build: Callable[[Setting, PastWindow], System],
    k: int,
) -> Choice[Setting]:
    """Take the setting of the highest mean NDCG@k over the windows; the first of equals.

    Parameters
    ----------
    settings : iterable
        In order of preference.
    default : object
        What is taken without windows.
    build : callable
        Makes the system of a setting from what was known when a window began.
    """
    if not windows:
        return Choice(default, ())
    scores = tuple(
        (setting, float(np.mean([window_ndcg(build(setting, window), window, k) for window in windows])))
        for setting in settings
    )
    return Choice(max(scores, key=lambda scored: scored[1])[0], scores)


def window_ndcg(system: System, window: PastWindow, k: int) -> float:
    """The mean NDCG@k of a system over a window's users, all items counted."""
    hits = user_lists(system, window.past.interactions, window.test_set, k, ("overall",)).hits["overall"]
    return float(ndcg_at_k(hits, window.test_set.n_relevant("overall"), k).mean())
