"""EASE: a linear model of items by items in closed form.

``B = I - P / diag(P)`` with ``P = (X'X + regularization I)^-1``; Steck, "Embarrassingly Shallow Autoencoders for Sparse
Data", WWW 2019.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from candidate_gen.profile import build_profile
from candidate_gen.source import best_of
from candidate_gen.sources.popular import Popular
from data.arrays.past import Past
from data.interactions import History
from offline_eval.filling import Allowed, Items, filled

MAX_ITEMS: Final = 8_000
"""Only the items of most users take part: the inverse costs the cube of their number (8,000: half a minute, 0.5 GB)."""


@dataclass(frozen=True, slots=True)
class Ease:
    """The weights between the items that take part.

    Attributes
    ----------
    place : ndarray of int32, shape (n_items,)
        Where each item stands among those that take part, -1 where it does not.
    items : ndarray of int32, shape (n,)
        Those that take part.
    weights : ndarray of float32, shape (n, n)
        From an item of the user's to each other.
    filler : Popular
    regularization : float
    """

    place: Items
    items: Items
    weights: npt.NDArray[np.float32]
    filler: Popular
    regularization: float
    name: str = "ease"

    @property
    def choices(self) -> dict[str, float]:
        """The regularisation, and how many items take part."""
        return {"regularization": self.regularization, "n_items": len(self.items)}

    @classmethod
    def fit(cls, past: Past, regularization: float, filler: Popular, max_items: int = MAX_ITEMS) -> Self:
        """Invert the matrix of who had what together."""
        pairs = past.pairs()
        n_users = np.bincount(pairs.indices, minlength=past.n_items)
        items = np.sort(np.argsort(-n_users, kind="stable")[:max_items]).astype(np.int32)
        place = np.full(past.n_items, -1, dtype=np.int32)
        place[items] = np.arange(len(items))
        kept = pairs.tocsc()[:, items]
        together = (kept.T @ kept).toarray().astype(np.float32)
        together[np.diag_indices_from(together)] += np.float32(regularization)
        inverse = np.linalg.inv(together)
        weights = inverse / -np.diag(inverse)
        weights[np.diag_indices_from(weights)] = 0.0
        return cls(place, items, weights, filler, regularization)

    def ranking(self, history: History, n: int, allowed: Allowed) -> Items:
        """The items of the largest sum of weights from the user's, then popular ones."""
        own = self.place[build_profile(history).item_idx]
        scores = np.zeros(len(self.place), dtype=np.float32)
        scores[self.items] = self.weights[own[own >= 0]].sum(axis=0)
        return filled(best_of(scores, n, allowed), self.filler, n, allowed)
