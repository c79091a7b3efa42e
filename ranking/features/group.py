"""What a group of features is: names with their formulas, and the one function that fills them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from candidate_gen.candidates import Candidates
from candidate_gen.profile import UserProfile
from ranking.item_stats import ItemStats

FloatArray = npt.NDArray[np.float32]

UNRANKED: Final = np.float32(1_000.0)
"""The rank of an item that a source did not find."""


@dataclass(frozen=True, slots=True)
class ItemSide:
    """What features know of the items: the same for every user of a bundle or snapshot.

    Attributes
    ----------
    stats : ItemStats
    category, top_category, brand : ndarray of int32, shape (n_items,)
        ``MISSING`` where unknown.
    """

    stats: ItemStats
    category: npt.NDArray[np.int32]
    top_category: npt.NDArray[np.int32]
    brand: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a user's features, set by name.

    Attributes
    ----------
    matrix : ndarray of float32, shape (n_features, n_candidates)
    row : mapping of str to int
        Where each feature stands.
    """

    matrix: FloatArray
    row: Mapping[str, int]

    def __setitem__(self, name: str, values: FloatArray | np.float32) -> None:
        self.matrix[self.row[name]] = values


class FeatureGroup(Protocol):
    """Features that are computed together."""

    def formulas(self, sources: tuple[str, ...]) -> Mapping[str, str]:
        """Each feature's name and what it is, in the order of the columns; `sources` are those of the bundle."""

    def fill(self, columns: Columns, profile: UserProfile, candidates: Candidates, items: ItemSide) -> None:
        """Set the column of every name, as of ``profile.as_of``."""
