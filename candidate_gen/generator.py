"""Stage one: ask every source, mask, cut, merge. Names no source."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from candidate_gen.candidates import Candidates
from candidate_gen.fusion import Fusion, reciprocal_ranks
from candidate_gen.kernels import merge_finds
from candidate_gen.profile import UserProfile
from candidate_gen.source import NO_ITEMS, Float32, ItemPositions, Mask, Source
from candidate_gen.sources.popular import Popular
from candidate_gen.votes import Votes
from candidate_gen.workspaces import workspace


@dataclass(frozen=True, slots=True)
class CandidateGenerator:
    """The sources of one bundle, or of one training snapshot.

    Attributes
    ----------
    sources : tuple of Source
    limits : tuple of int
        How many candidates each of them may give.
    max_candidates : int
        How many a user may have in all.
    fusion : Fusion or None
        What a source's rank is worth; None where it was not measured, and then reciprocal ranks are added up.
    """

    sources: tuple[Source, ...]
    limits: tuple[int, ...]
    max_candidates: int
    fusion: Fusion | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the sources, in their order."""
        return tuple(source.name for source in self.sources)

    @property
    def popular(self) -> Popular:
        """The source that fills lists."""
        (found,) = (source for source in self.sources if isinstance(source, Popular))
        return found

    def only(self, names: Collection[str]) -> "CandidateGenerator":
        """The same with some of the sources, their ranks added up; what is popular fills lists, and is no candidate."""
        kept = [
            (source, limit if source.name in names else 0)
            for source, limit in zip(self.sources, self.limits, strict=True)
            if source.name in names or isinstance(source, Popular)
        ]
        sources, limits = zip(*kept, strict=True)
        return CandidateGenerator(sources, limits, self.max_candidates)

    def candidates(
        self, profile: UserProfile, allowed: Mask | None = None, asked: list[Any] | None = None
    ) -> Candidates:
        """Find candidates for a user.

        Parameters
        ----------
        profile : UserProfile
            The user's history; may be empty, and then only popular items are found.
        allowed : ndarray of bool, shape (n_items,), optional
            Items that may be found; a source then goes on among these alone.
        asked : list, optional
            What `ask` answered for this profile, where it has been asked before.
        """
        asked = self.ask(profile) if asked is None else asked
        item_idx, rank = _merged(self._found(asked, allowed), len(self.popular.popularity))
        fused = reciprocal_ranks(rank) if self.fusion is None else self.fusion.score(rank)
        if len(fused) > self.max_candidates:
            kept = _best_ascending(fused, self.max_candidates)
            item_idx, rank, fused = item_idx[kept], rank[:, kept], fused[kept]
        score, largest, mean = self._said(asked, item_idx)
        return Candidates(item_idx, rank, score, largest, mean, fused, self.names)

    def found(self, profile: UserProfile) -> list[ItemPositions]:
        """What each source finds, best first."""
        return self._found(self.ask(profile), None)

    def ask(self, profile: UserProfile) -> list[Any]:
        """The answer of each source; None of one that needs a history where there is none."""
        known = len(profile) > 0
        return [source.ask(profile) if known or not source.needs_history else None for source in self.sources]

    def _found(self, asked: list[Any], allowed: Mask | None) -> list[ItemPositions]:
        return [
            NO_ITEMS if answer is None else source.found(answer, limit, allowed)
            for source, answer, limit in zip(self.sources, asked, self.limits, strict=True)
        ]

    def _said(self, asked: list[Any], item_idx: ItemPositions) -> Float32:
        """Each source's score of some items, and the largest and the mean of the votes that it is made of."""
        said: Float32 = np.zeros((3, len(self.sources), len(item_idx)), dtype=np.float32)
        for row, (source, answer) in enumerate(zip(self.sources, asked, strict=True)):
            if isinstance(answer, Votes):
                said[:, row] = answer.of_items(item_idx)
            elif answer is not None:
                said[0, row] = source.score(answer, item_idx)
        return said


def _best_ascending(score: Float32, n: int) -> npt.NDArray[np.int64]:
    """The places of the `n` largest scores, ascending; of those equal to the last one, the first."""
    worst = np.partition(score, -n)[-n]
    kept = np.flatnonzero(score >= worst)
    surplus = len(kept) - n
    if not surplus:
        return kept
    return np.delete(kept, np.flatnonzero(score[kept] == worst)[-surplus:])


def _merged(found: list[ItemPositions], n_items: int) -> tuple[ItemPositions, Float32]:
    """The distinct items, ascending, and their rank in each source, 0 where it did not find them."""
    starts = np.array([0, *accumulate(len(items) for items in found)])
    item_idx, rank = merge_finds(np.concatenate(found), starts, workspace("place", n_items, dtype=np.int32))
    return item_idx, rank
