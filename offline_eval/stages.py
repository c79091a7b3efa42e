"""Our own stages as systems to evaluate, by the path that serves."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from data.interactions import History
from ranking.recommender import Recommender
from ranking.two_stage import ListRequest, Stage

TWO_STAGE: Final = "two_stage"
STAGE_ONE: Final = "stage_one"


@dataclass(frozen=True, slots=True)
class StageSystem:
    """A trained recommender up to one of its stages."""

    name: str
    recommender: Recommender
    stage: Stage

    def ranking(self, history: History, n: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int32]:
        """Make one user's list as the service makes it."""
        return next(self.recommender.ranked([ListRequest(history, n, allowed)], self.stage)).item_idx


def own_stages(recommender: Recommender) -> list[StageSystem]:
    """Both stages, and stage one alone."""
    return [StageSystem(TWO_STAGE, recommender, "full"), StageSystem(STAGE_ONE, recommender, "retrieval")]
