"""Our own stages as systems to evaluate: the same code that serves."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from data.interactions import History
from ranking.two_stage import ListRequest, Stage, TwoStage

TWO_STAGE: Final = "two_stage"
STAGE_ONE: Final = "stage_one"


@dataclass(frozen=True, slots=True)
class StageSystem:
    """A trained recommender up to one of its stages."""

    name: str
    two_stage: TwoStage
    stage: Stage

    def ranking(self, history: History, n: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int32]:
        """Make one user's list as the service makes it."""
        return self.two_stage.rank(ListRequest(history, n, allowed), self.stage).item_idx


def own_stages(two_stage: TwoStage) -> list[StageSystem]:
    """Both stages, and stage one alone."""
    return [StageSystem(TWO_STAGE, two_stage, "full"), StageSystem(STAGE_ONE, two_stage, "retrieval")]
