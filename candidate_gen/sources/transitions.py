"""What users go on to have after the items of a whole history.

A first-order sequence model in the spirit of Markov chains and sequential rules: Ludewig and Jannach, "Evaluation of
Session-based Recommendation Algorithms", UMUAI 2018.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix

from candidate_gen.neighbors import NeighborLists, nearest_of_product, scaled
from candidate_gen.profile import UserProfile
from candidate_gen.source import Array, Sizes, SourceConfig, StoredArrays
from candidate_gen.visits import following, moments, preceding, shared
from candidate_gen.votes import Votes, VotingSource
from data.arrays.past import Past
from data.attributes import ItemAttributes


class TransitionsConfig(SourceConfig):
    """How pairs of visits are counted, and how the user's own visits vote."""

    limit: int = Field(default=80, ge=0)
    n_neighbors: int = Field(default=100, ge=1)
    max_distance: int = Field(default=6, ge=1, le=20)
    distance_decay: float = Field(default=0.7, gt=0, le=1)
    backward_weight: float = Field(default=0.4, ge=0, le=1)
    place_decay: float = Field(default=0.6, gt=0, le=1)
    recent_items: int = Field(default=100, ge=1)


@dataclass(frozen=True, slots=True)
class Transitions(VotingSource):
    """The items that stand around each item in users' histories.

    Attributes
    ----------
    lists : NeighborLists
    place_decay : float
        What each moment since the user had an item takes off its vote.
    recent_items : int
        How many of the user's last items take part.
    """

    lists: NeighborLists
    place_decay: float
    recent_items: int

    name: ClassVar[str] = "transitions"
    reason: ClassVar[str] = "often_next"
    Config: ClassVar[type[SourceConfig]] = TransitionsConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: TransitionsConfig, rng: int) -> Self:
        """Count ordered pairs of visits, less the further apart, against the popularity of both items.

        ``T[a, b] / ((sqrt(n_a) + 3) (sqrt(n_b) + 3) ** 0.8)`` for n visits with an item.
        """
        del attributes, rng
        visits = moments(past)
        around = following(visits, config.max_distance, config.distance_decay)
        if config.backward_weight:
            backward = preceding(visits, config.max_distance, config.distance_decay)
            around = csr_matrix(around + backward * np.float32(config.backward_weight))
        support = np.sqrt(np.asarray(visits.items.sum(axis=0), dtype=np.float32).ravel()) + np.float32(3.0)
        before = scaled(shared(visits), columns=np.float32(1.0) / support)
        after = scaled(around, columns=support ** np.float32(-0.8))
        lists = nearest_of_product(csr_matrix(before.T), after, config.n_neighbors)
        return cls(lists, config.place_decay, config.recent_items)

    def ask(self, profile: UserProfile) -> Votes:
        """For every item, how strongly the user's last items lead to it, the newest most."""
        return self.lists.latest_votes(profile, self.place_decay, self.recent_items)

    def arrays(self) -> Mapping[str, Array | bytes]:
        """The lists."""
        return self.lists.arrays()

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: TransitionsConfig, sizes: Sizes) -> Self:
        """Map the lists."""
        return cls(NeighborLists.from_arrays(stored, sizes), config.place_decay, config.recent_items)
