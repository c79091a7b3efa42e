"""What stage one offers the ranker: the share of relevant items among the candidates, by source."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from candidate_gen.candidates import Candidates
from data.interactions import Interactions
from offline_eval.protocol import TestSet
from offline_eval.significance import rounded
from ranking.recommender import Recommender
from ranking.two_stage import ListRequest
from shortlist.progress import Reporter

NAME = "candidates"


@dataclass(frozen=True, slots=True)
class SourceRecall:
    """One source's part.

    Attributes
    ----------
    recall : float
        Mean over users of the share of their relevant items that the source found.
    only : float
        The same, of those that no other source found.
    n_candidates : float
        Mean number of candidates that the source found.
    """

    name: str
    recall: float
    only: float
    n_candidates: float


@dataclass(frozen=True, slots=True)
class CandidateRecall:
    """All sources together, and each of them."""

    recall: float
    n_candidates: float
    sources: tuple[SourceRecall, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-like data."""
        return {
            **rounded({"recall": self.recall, "n_candidates": self.n_candidates}),
            "sources": [{"name": one.name, **rounded(_numbers(one))} for one in self.sources],
        }


def candidate_recall(
    recommender: Recommender, past: Interactions, test_set: TestSet, reporter: Reporter
) -> CandidateRecall:
    """Look at the candidates of every tested user, as of the cut.

    Parameters
    ----------
    past : Interactions
        What histories are taken from.
    """
    tracked = reporter.track(_candidates(recommender, past, test_set), len(test_set), NAME)
    rows = [_of_user(candidates, test_set.relevant(row, "overall")) for row, candidates in enumerate(tracked)]
    recall, only, n_found = np.mean([row for row, _ in rows], axis=0)
    names = recommender.two_stage.generator.names
    together, n_together = np.mean([whole for _, whole in rows], axis=0)
    sources = zip(names, recall.tolist(), only.tolist(), n_found.tolist(), strict=True)
    return CandidateRecall(float(together), float(n_together), tuple(SourceRecall(*one) for one in sources))


def _candidates(recommender: Recommender, past: Interactions, test_set: TestSet) -> Iterator[Candidates]:
    requests = (ListRequest(past.history(int(user), test_set.cut), 1) for user in test_set.user_idx)
    return (ranked.candidates for ranked in recommender.ranked(requests, "retrieval"))


def _of_user(
    candidates: Candidates, relevant: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.float64], tuple[float, int]]:
    """By source: recall, recall alone, number; and the recall and number of all together."""
    found = candidates.rank > 0
    is_relevant = np.isin(candidates.item_idx, relevant)
    alone = found & (found.sum(axis=0) == 1)
    hits = [(part & is_relevant).sum(axis=1) / len(relevant) for part in (found, alone)]
    return np.stack([*hits, found.sum(axis=1)]), (float(is_relevant.sum() / len(relevant)), len(candidates))


def _numbers(one: SourceRecall) -> dict[str, float]:
    return {name: value for name, value in asdict(one).items() if name != "name"}
