"""The catalogue as arrays, aligned with item positions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from shortlist.ids import MISSING, IdMap
from shortlist.texts import Texts


@dataclass(frozen=True, slots=True)
class ItemAttributes:
    """What is known of each item apart from its events.

    Attributes
    ----------
    categories : IdMap
        Every category path and every prefix of one (``A``, ``A > B``, ``A > B > C``).
    parent : ndarray of int32, shape (n_categories,)
        The category above, ``MISSING`` at the top.
    category : ndarray of int32, shape (n_items,)
        Each item's full path, ``MISSING`` without one.
    brand : ndarray of int32, shape (n_items,)
        A code for each brand, ``MISSING`` without one.
    price : ndarray of float32, shape (n_items,)
        The catalogue's price, 0 where unknown.
    available : ndarray of bool, shape (n_items,)
        Items that the catalogue does not know count as available.
    discontinued : ndarray of bool, shape (n_items,)
        Items that are never shown.
    created : ndarray of int64, shape (n_items,)
        When the catalogue says that each item came, in seconds since 1970; 0 where it does not.
    titles : Texts
        By item position.
    brands : Texts
        By the codes of `brand`.
    content : csr_matrix of float32, shape (n_items, n_words)
        The weights of each item's words, to fit on; without words where a bundle is read.
    """

    categories: IdMap
    parent: npt.NDArray[np.int32]
    category: npt.NDArray[np.int32]
    brand: npt.NDArray[np.int32]
    price: npt.NDArray[np.float32]
    available: npt.NDArray[np.bool_]
    discontinued: npt.NDArray[np.bool_]
    created: npt.NDArray[np.int64]
    titles: Texts
    brands: Texts
    content: csr_matrix

    def top_category(self) -> npt.NDArray[np.int32]:
        """The top-level category of each item, int32, shape (n_items,)."""
        above = np.append(self.parent, MISSING).astype(np.int32)  # the last entry stands for MISSING
        top = self.category.copy()
        while (deeper := above[top] >= 0).any():
            top[deeper] = above[top[deeper]]
        return top

    def in_category(self, path: str) -> npt.NDArray[np.bool_]:
        """Which items are in a category or below it, bool, shape (n_items,); none for an unknown category."""
        wanted = self.categories.position(path)
        inside = np.zeros(len(self.categories) + 1, dtype=np.bool_)  # the last entry stands for MISSING
        if wanted == MISSING:
            return inside[self.category]
        inside[wanted] = True
        for _ in range(len(self.categories)):
            below = inside[self.parent] & ~inside[:-1]
            if not below.any():
                break
            inside[:-1] |= below
        return inside[self.category]
