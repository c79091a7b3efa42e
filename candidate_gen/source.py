"""What a candidate source is, and what sources share.

A source is one file in `candidate_gen/sources` and one line in its `SOURCES`. Its name is its table of the
configuration, the prefix of its arrays in a bundle, and part of the names of its features.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
from pydantic import Field

from candidate_gen.kernels import best_places
from candidate_gen.profile import UserProfile
from data.arrays.past import Past
from data.attributes import ItemAttributes
from shortlist.bundle import Bundle
from shortlist.checks import check_shape
from shortlist.config import ConfigModel

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]
ItemPositions = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

NO_ITEMS = np.zeros(0, dtype=np.int32)


class SourceConfig(ConfigModel):
    """What every source can be told: how many candidates it may give a user; 0 switches it off."""

    limit: int = Field(default=50, ge=0)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a source's arrays must fit: the number of items, and the catalogue's groups."""

    n_items: int
    attributes: ItemAttributes


@dataclass(frozen=True, slots=True)
class StoredArrays:
    """The arrays of one source in a bundle."""

    bundle: Bundle
    prefix: str

    def array(self, name: str, *shape: int | None) -> Array:
        """Map an array of a given shape, None standing for any length. Raises ``BundleError``."""
        full = f"{self.prefix}_{name}"
        array = self.bundle.array(full)
        check_shape(full, array, *shape)
        return array

    def has(self, name: str) -> bool:
        """Whether the bundle holds an array."""
        return self.bundle.has(f"{self.prefix}_{name}.npy")


@runtime_checkable
class Source(Protocol):
    """A way of finding candidates: fitted on a `Past`, frozen, and asked once a request.

    Attributes
    ----------
    name : str
        Its table of the configuration, its prefix in the bundle and in the names of features, its label in metrics.
    reason : str
        What the service says of an item that it found.
    Config : type
        Its settings, a `SourceConfig`.
    needs_history : bool
        Whether it finds nothing for a user of whom nothing is known.
    """

    name: ClassVar[str]
    reason: ClassVar[str]
    Config: ClassVar[type[SourceConfig]]
    needs_history: ClassVar[bool]

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: Any, rng: int) -> Self:
        """Learn from what was known at a moment."""

    def ask(self, profile: UserProfile) -> Any:
        """What all answers of one request start from: a factor, or a score for every item."""

    def found(self, asked: Any, n: int, allowed: Mask | None) -> ItemPositions:
        """The `n` best items of those allowed, best first, int32, no item twice."""

    def score(self, asked: Any, item_idx: ItemPositions) -> Float32:
        """The score of any items, float32; comparable within one list only."""

    def arrays(self) -> Mapping[str, Array | bytes]:
        """What a bundle keeps, by name; bytes are a FAISS index."""

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: Any, sizes: Sizes) -> Self:
        """Map what a bundle keeps. Raises ``BundleError`` when the arrays do not fit one another."""


def best_of(scores: Float32, n: int, allowed: Mask | None) -> ItemPositions:
    """The `n` items of the largest score above zero, best first, the smaller position first among equals.

    Parameters
    ----------
    scores : ndarray of float32, shape (n_items,)
    """
    above = np.flatnonzero(scores > 0).astype(np.int32)
    return best_among(above, scores[above], n, allowed)


def best_among(items: ItemPositions, scores: Float32, n: int, allowed: Mask | None) -> ItemPositions:
    """The same of some ascending items, each with its score."""
    if allowed is not None:
        fits = allowed[items]
        items, scores = items[fits], scores[fits]
    best: ItemPositions = items[best_places(scores, n, 0.0)]
    return best
