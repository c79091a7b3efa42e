"""Lists for an item instead of a user: what is like it, and what is bought with it."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from data.interactions import EVENT_COLUMN_DTYPES, History
from ranking.recommender import Recommender
from ranking.two_stage import TwoStage
from shortlist.ids import MISSING, IdMap

Relation = Literal["similar", "bought_together"]

SOURCES: Final[dict[Relation, tuple[frozenset[str], ...]]] = {
    "similar": (frozenset({"item_knn", "item_graph", "content"}),),
    "bought_together": (frozenset({"baskets", "transitions"}), frozenset({"item_knn"})),
}
"""The sources that are asked; the first group of which the bundle has any."""


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
    unknown: str = "The item is unknown: the list holds what is popular."

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
    generator = recommender.two_stage.generator
    groups = SOURCES[relation]
    names = next((group for group in groups if group & set(generator.names)), groups[0])
    two_stage = TwoStage(generator.only(names), recommender.two_stage.context, None)
    histories = ItemHistories(recommender.interactions.items, recommender.as_of)
    return recommender.with_stages(two_stage).with_histories(histories)
