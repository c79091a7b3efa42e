"""What each source says of a candidate, in terms that two fits of it share."""

from collections.abc import Mapping

import numpy as np

from candidate_gen.candidates import Candidates
from candidate_gen.profile import UserProfile
from candidate_gen.sources import VOTING
from ranking.features.group import UNRANKED, FloatArray, ItemSide
from ranking.kernels import descending_keys, fill_sources


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

    def fill(self, block: FloatArray, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set all of them."""
        del profile, items
        said = (candidates.score, candidates.largest, candidates.mean)
        is_voting = np.array([name in VOTING for name in candidates.sources])
        keys = np.sort(descending_keys(candidates.score), axis=1)
        fill_sources(block, candidates.rank, candidates.fused, *said, is_voting, keys, UNRANKED)
