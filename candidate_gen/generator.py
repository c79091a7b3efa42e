"""Stage one: ask every source, merge what they find, keep each source's rank and score."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import Field

from candidate_gen.als import AlsModel
from candidate_gen.index import FactorIndex
from candidate_gen.item_knn import ItemKnn
from candidate_gen.popularity import CategoryPopularity, Popularity
from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS, UserProfile
from shortlist.config import ConfigModel

SOURCES: Final = ("history", "als", "item_knn", "category_popular", "popular")
"""The sources, in the order of the rows of `Candidates.rank`."""

FUSION_CONSTANT: Final = 60.0
EXACT_BELOW_ALLOWED: Final = 5_000
"""A filter that leaves fewer items than this is searched exactly: an index may hold none of them."""


class SourceLimits(ConfigModel):
    """How many candidates each source may give; 0 switches it off."""

    history: int = Field(default=200, ge=0)
    als: int = Field(default=120, ge=0)
    item_knn: int = Field(default=100, ge=0)
    category_popular: int = Field(default=60, ge=0)
    popular: int = Field(default=80, ge=1)

    def total(self) -> int:
        """The most candidates that a user can have."""
        return sum(getattr(self, name) for name in SOURCES)


@dataclass(frozen=True, slots=True)
class Candidates:
    """A user's merged candidates, by item position.

    Attributes
    ----------
    item_idx : ndarray of int32, shape (n,)
        Ascending, no item twice.
    rank : ndarray of float32, shape (n_sources, n)
        From 1 in the order of `SOURCES`; 0 where a source did not find the item.
    als_score, item_knn_score : ndarray of float32, shape (n,)
        Raw scores of these two models for every candidate, whichever source found it.
    """

    item_idx: npt.NDArray[np.int32]
    rank: npt.NDArray[np.float32]
    als_score: npt.NDArray[np.float32]
    item_knn_score: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.item_idx)

    def fused_score(self) -> npt.NDArray[np.float32]:
        """Reciprocal rank fusion over the sources: the order of stage one alone.

        Cormack, Clarke and Buettcher, SIGIR 2009, with their constant of 60. Float32, shape (n,).
        """
        reciprocal = np.where(self.rank > 0, 1.0 / (np.float32(FUSION_CONSTANT) + self.rank), np.float32(0.0))
        fused: npt.NDArray[np.float32] = reciprocal.sum(axis=0, dtype=np.float32)
        return fused


@dataclass(frozen=True, slots=True)
class CandidateGenerator:
    """The sources of one bundle, or of one training snapshot."""

    als: AlsModel
    index: FactorIndex
    item_knn: ItemKnn
    category_popularity: CategoryPopularity
    popularity: Popularity
    limits: SourceLimits

    def candidates(self, profile: UserProfile, allowed: npt.NDArray[np.bool_] | None = None) -> Candidates:
        """Find candidates for a user.

        Parameters
        ----------
        profile : UserProfile
            The user's history; may be empty, and then only popular items are found.
        allowed : ndarray of bool, shape (n_items,), optional
            Items that may be found; the popular source then fills up from these alone.
        """
        factor = self.als.user_factor(profile)
        knn_scores = self.item_knn.scores(profile)
        found = self._found(profile, factor, knn_scores, allowed)
        item_idx, inverse = np.unique(np.concatenate(found), return_inverse=True)
        return Candidates(
            item_idx=item_idx,
            rank=_ranks(found, inverse, len(item_idx)),
            als_score=np.einsum("ij,j->i", self.als.item_factors[item_idx], factor),
            item_knn_score=knn_scores[item_idx],
        )

    def _found(
        self,
        profile: UserProfile,
        factor: npt.NDArray[np.float32],
        knn_scores: npt.NDArray[np.float32],
        allowed: npt.NDArray[np.bool_] | None,
    ) -> list[npt.NDArray[np.int32]]:
        """The items of each source, best first, in the order of `SOURCES`."""
        limits = self.limits
        found = [self.popularity.top(limits.popular, allowed)[0]]
        if not len(profile):
            return [np.zeros(0, dtype=np.int32)] * (len(SOURCES) - 1) + found
        personal = [
            strongest_items(profile),
            self._nearest(factor, allowed),
            self.item_knn.candidates(knn_scores if allowed is None else knn_scores * allowed, limits.item_knn),
            self.category_popularity.candidates(profile, limits.category_popular, allowed),
        ]
        counts = (limits.history, limits.als, limits.item_knn, limits.category_popular)
        for items, n in zip(personal, counts, strict=True):
            kept = items if allowed is None else items[allowed[items]]
            found.insert(-1, kept[:n])
        return found

    def _nearest(self, factor: npt.NDArray[np.float32], allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int32]:
        """The items nearest to a user's factor: by the index, or exactly where a filter leaves few items."""
        if allowed is None or np.count_nonzero(allowed) > EXACT_BELOW_ALLOWED:
            return self.index.search(factor, self.limits.als, allowed)
        items = np.flatnonzero(allowed).astype(np.int32)
        order = np.argsort(-(self.als.item_factors[items] @ factor), kind="stable")
        nearest: npt.NDArray[np.int32] = items[order[: self.limits.als]]
        return nearest


def strongest_items(profile: UserProfile) -> npt.NDArray[np.int32]:
    """The user's own items, by frequency and recency of whatever the user did with them."""
    return profile.item_idx[np.argsort(-profile.decayed_at(INTEREST_HALF_LIFE_DAYS), kind="stable")]


def _ranks(found: list[npt.NDArray[np.int32]], inverse: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.float32]:
    rank = np.zeros((len(found), n), dtype=np.float32)
    start = 0
    for source, items in enumerate(found):
        rank[source, inverse[start : start + len(items)]] = np.arange(1, len(items) + 1)
        start += len(items)
    return rank
