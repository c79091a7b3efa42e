"""Lists for an item instead of a user: what is like it, and what is bought with it."""

from dataclasses import dataclass

import numpy as np

from data.interactions import EVENT_COLUMN_DTYPES, History
from ranking.recommender import Recommender
from ranking.scenarios import Relation, related_stages
from shortlist.ids import MISSING, IdMap


@dataclass(frozen=True, slots=True)
class ItemHistories:
    """Each item's "user": somebody who has had it once, just now.

    Attributes
    ----------
    as_of : int
        The moment that lists are made for, in seconds.
    """

    items: IdMap
    as_of: int
    unknown: str = "The item is unknown"

    def of(self, item_id: str) -> History | None:
        """The history of one event; None of an item that the bundle does not know."""
        item_idx = self.items.find(item_id)
        if item_idx == MISSING:
            return None
        event = {"item_idx": item_idx, "timestamp": self.as_of - 1, "weight": 1.0, "is_target": True}
        columns = {name: np.array([event.get(name, 0)], dtype=dtype) for name, dtype in EVENT_COLUMN_DTYPES.items()}
        return History(**columns, as_of=self.as_of)

    def mark(self, item_id: str) -> str:
        """Always the same: nothing new is known of an item before the next bundle."""
        del item_id
        return ""


def related(recommender: Recommender, relation: Relation) -> Recommender:
    """The same bundle as a recommender whose users are items; its lists are those of the stage ``retrieval``."""
    histories = ItemHistories(recommender.table.items, recommender.as_of)
    return recommender.with_stages(related_stages(recommender.two_stage, relation)).with_histories(histories)
