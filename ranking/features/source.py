"""What each source says of a candidate, in terms that two fits of it share."""

from collections.abc import Mapping

import numpy as np

from candidate_gen.candidates import Candidates
from candidate_gen.profile import UserProfile
from candidate_gen.sources import VOTING
from ranking.features.group import UNRANKED, Columns, FloatArray, ItemSide


class SourceFeatures:
    """Ranks and scores of every source, and how they agree."""

    def formulas(self, sources: tuple[str, ...]) -> Mapping[str, str]:
        """Three features for each source, five where the user's items vote, and two over all of them."""
        ranks = {f"rank_{name}": f"rank at which {name} found it, {UNRANKED:.0f} where it did not" for name in sources}
        fused = {
            "n_sources": "sources that found it",
            "fused_score": "1 - product over its sources of (1 - chance that a find of that rank is wanted)",
        }
        scores: dict[str, str] = {}
        for name in sources:
            scores[f"score_{name}"] = f"score by {name} / the best of the candidates; 0 when none is above 0"
            scores[f"score_rank_{name}"] = f"place among the candidates by {name}'s score"
            if name in VOTING:
                scores[f"max_{name}"] = "largest part of that score by one of the user's items / the best of them"
                scores[f"mean_{name}"] = "mean part of that score by those items that say something / the best of them"
        return ranks | fused | scores

    def fill(self, columns: Columns, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        del profile, items
        ranked = candidates.rank > 0
        columns["n_sources"] = ranked.sum(axis=0).astype(np.float32)
        columns["fused_score"] = candidates.fused
        by_source = {
            "rank": np.where(ranked, candidates.rank, np.float32(UNRANKED)),
            "score": _to_best(candidates.score),
            "score_rank": _descending_rank(candidates.score),
        }
        by_vote = {"max": _to_best(candidates.largest), "mean": _to_best(candidates.mean)}
        for row, name in enumerate(candidates.sources):
            for kind, values in (by_source | by_vote if name in VOTING else by_source).items():
                columns[f"{kind}_{name}"] = values[row]


def _to_best(score: FloatArray) -> FloatArray:
    """Each row as shares of its best; 0 where none is above 0."""
    best = score.max(axis=1, keepdims=True, initial=0.0)
    shares: FloatArray = np.divide(score, best, out=np.zeros_like(score), where=best > 0)
    return shares


def _descending_rank(score: FloatArray) -> FloatArray:
    """The place of each entry in its row, from 1, the first of equals first."""
    rank = np.empty_like(score)
    places = np.arange(1, score.shape[1] + 1, dtype=np.float32)
    np.put_along_axis(rank, np.argsort(-score, axis=1, kind="stable"), places[None, :], axis=1)
    return rank
