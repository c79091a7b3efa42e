"""The catalogue as arrays, aligned with item positions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix

from data.content import build_content
from shortlist.columns import AVAILABILITY, BRAND, CATEGORY, CATEGORY_SEPARATOR, ITEM_ID, PRICE
from shortlist.ids import MISSING, IdMap


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
    content : csr_matrix of float32, shape (n_items, n_words)
        The weights of each item's words, to fit on; without words where a bundle is read.
    """

    categories: IdMap
    parent: npt.NDArray[np.int32]
    category: npt.NDArray[np.int32]
    brand: npt.NDArray[np.int32]
    price: npt.NDArray[np.float32]
    available: npt.NDArray[np.bool_]
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


def build_attributes(catalog: pd.DataFrame, items: IdMap) -> ItemAttributes:
    """Align a canonical catalogue, which may be empty or lack columns, with item positions."""
    rows = (
        catalog.drop_duplicates(ITEM_ID, keep="last").set_index(ITEM_ID).reindex(items.externals(np.arange(len(items))))
    )
    paths = _text(rows, CATEGORY)
    categories = IdMap.from_ids(prefix for path in paths.dropna().unique() for prefix in _prefixes(path))
    available = rows[AVAILABILITY] if AVAILABILITY in rows else pd.Series(data=None, index=rows.index, dtype="object")
    prices = pd.to_numeric(rows[PRICE]) if PRICE in rows else pd.Series(np.nan, index=rows.index)
    return ItemAttributes(
        categories=categories,
        parent=_parents(categories),
        category=categories.positions(paths.fillna("")),
        brand=pd.factorize(_text(rows, BRAND), sort=True)[0].astype(np.int32),
        price=prices.fillna(0.0).to_numpy(dtype=np.float32),
        available=np.array([value is not False and value != 0 for value in available.to_list()], dtype=np.bool_),
        content=build_content(catalog, items),
    )


def _text(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows[column].astype("str") if column in rows else pd.Series(np.nan, index=rows.index, dtype="str")


def _prefixes(path: str) -> list[str]:
    parts = path.split(CATEGORY_SEPARATOR)
    return [CATEGORY_SEPARATOR.join(parts[: depth + 1]) for depth in range(len(parts))]


def _parents(categories: IdMap) -> npt.NDArray[np.int32]:
    names = categories.externals(np.arange(len(categories)))
    above = [name.rpartition(CATEGORY_SEPARATOR)[0] for name in names]
    return np.array([categories.position(name) if name else MISSING for name in above], dtype=np.int32)
