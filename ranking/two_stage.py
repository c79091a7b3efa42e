"""The two stages as one object: retrieval, features, ranker, and lists that are always filled."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt

from candidate_gen.candidates import Candidates
from candidate_gen.generator import CandidateGenerator
from candidate_gen.kernels import best_places
from candidate_gen.profile import UserProfile, build_profile
from data.interactions import History, empty_history
from ranking.features import FeatureContext
from ranking.order import USUAL_HALF_LIFE, Order, fused_order, history_order
from ranking.ranker import Ranker

Stage = Literal["full", "retrieval", "popular"]
"""Both stages, the first alone, or none: what is popular, as a user of whom nothing is known gets it."""

Mask = npt.NDArray[np.bool_]
USERS_PER_BLOCK = 128


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What to make a list of: a history, how many items, and which are allowed (bool, shape (n_items,); None: all)."""

    history: History
    n: int
    allowed: Mask | None = None


@dataclass(frozen=True, slots=True)
class RankedList:
    """A list, best first.

    Attributes
    ----------
    item_idx : ndarray of int32, shape (n,)
        No item twice. Shorter than asked for only when fewer items are allowed.
    score : ndarray of float32, shape (n,)
        In (0, 1], falling. Comparable within one list only.
    is_personal : bool
        False when the history was empty and the list holds what is popular.
    profile, candidates : UserProfile, Candidates
        What the list was made from.
    """

    item_idx: npt.NDArray[np.int32]
    score: npt.NDArray[np.float32]
    is_personal: bool
    profile: UserProfile
    candidates: Candidates


@dataclass(frozen=True, slots=True)
class TwoStage:
    """Retrieval, features, ranker and the filling of lists.

    Attributes
    ----------
    ranker : Ranker or None
        Without one, and in the stage ``retrieval``, candidates stand in the order of the fused source ranks.
    order : str
        Whose order full lists have: the ranker's unless another was measured better.
    half_life_days : int
        Of the order ``history``.
    """

    generator: CandidateGenerator
    context: FeatureContext
    ranker: Ranker | None
    order: Order = "ranker"
    half_life_days: int = USUAL_HALF_LIFE

    def rank(self, request: ListRequest, stage: Stage = "full") -> RankedList:
        """Make one list."""
        return next(self.rank_many([request], stage))

    def rank_many(self, requests: Iterable[ListRequest], stage: Stage = "full") -> Iterator[RankedList]:
        """Make many lists, each the same as `rank` makes it, in blocks of `USERS_PER_BLOCK`."""
        for block in _blocks(requests):
            profiles = [build_profile(_told(request, stage)) for request in block]
            found = [
                self.generator.candidates(profile, request.allowed)
                for profile, request in zip(profiles, block, strict=True)
            ]
            scores = self._scores(profiles, found, stage)
            for request, profile, candidates, score in zip(block, profiles, found, scores, strict=True):
                yield self._cut(request, profile, candidates, score)

    def is_ranked(self, stage: Stage) -> bool:
        """Whether lists of a stage have the ranker's order."""
        return self.ranker is not None and self.order == "ranker" and stage == "full"

    def _scores(
        self, profiles: list[UserProfile], found: list[Candidates], stage: Stage
    ) -> list[npt.NDArray[np.float64]]:
        """The scores of every user's candidates, higher is better."""
        if not self.is_ranked(stage) or self.ranker is None:
            return [self._unranked(profile, one, stage) for profile, one in zip(profiles, found, strict=True)]
        rows = [self.context.features(profile, candidates) for profile, candidates in zip(profiles, found, strict=True)]
        return self.ranker.scores_of_lists(rows)

    def _unranked(self, profile: UserProfile, candidates: Candidates, stage: Stage) -> npt.NDArray[np.float64]:
        if stage == "full" and self.order == "history":
            return history_order(candidates, profile, self.half_life_days)
        return fused_order(candidates)

    def _cut(
        self, request: ListRequest, profile: UserProfile, candidates: Candidates, raw: npt.NDArray[np.float64]
    ) -> RankedList:
        """Cut the best `n`; when candidates run out, go on with the most popular items allowed."""
        is_personal = len(profile) > 0
        best = best_places(raw, request.n if is_personal else 0, -np.inf)
        items, score = candidates.item_idx[best], _to_unit(raw[best])
        missing = request.n - len(items)
        if missing > 0:
            popular = self.generator.popular
            filling = popular.top(request.n, request.allowed)
            popularity = popular.popularity[filling]
            new = np.isin(filling, items, invert=True, assume_unique=True)
            floor = score[-1] if len(score) else np.float32(1.0)
            items = np.concatenate([items, filling[new][:missing]])
            score = np.concatenate([score, floor * _to_most(popularity[new][:missing])])
        return RankedList(items, score, is_personal, profile, candidates)


def _told(request: ListRequest, stage: Stage) -> History:
    """What a stage is told of the user."""
    return empty_history(request.history.as_of) if stage == "popular" else request.history


def _blocks(requests: Iterable[ListRequest]) -> Iterator[list[ListRequest]]:
    remaining = iter(requests)
    while block := list(islice(remaining, USERS_PER_BLOCK)):
        yield block


def _to_unit(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The logistic function: keeps the order, gives numbers that a person can read."""
    return (1.0 / (1.0 + np.exp(-raw))).astype(np.float32)


def _to_most(popularity: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Popularity as a share of the first one's, a little above zero for items never bought."""
    most = popularity[0] if len(popularity) else np.float32(0.0)
    return (popularity + np.float32(1e-6)) / (most + np.float32(1e-6))
