"""What the catalogue says of an item, as words: title, category and all above it, brand and tags."""

import re
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, diags_array

from shortlist.columns import BRAND, CATEGORY, CATEGORY_SEPARATOR, ITEM_ID, TAGS, TITLE
from shortlist.ids import IdMap

TAG_SEPARATORS: Final = re.compile(r"[|,;]")
MIN_COMMON_ITEMS: Final = 200
MAX_COMMON_SHARE: Final = 0.02
"""A word of more than this share of the items, and of more than `MIN_COMMON_ITEMS`, is too common to say anything."""


def build_content(catalog: pd.DataFrame, items: IdMap) -> csr_matrix:
    """The weights of each item's words by TF-IDF, aligned with item positions.

    Salton and Buckley, "Term-weighting Approaches in Automatic Text Retrieval", 1988. Words of too many items are left
    out.

    Parameters
    ----------
    catalog : DataFrame
        Canonical; may be empty or lack columns.

    Returns
    -------
    csr_matrix of float32, shape (n_items, n_words)
        Each row of length 1, or empty where nothing is known.
    """
    rows = catalog.drop_duplicates(ITEM_ID, keep="last").set_index(ITEM_ID)
    words = _words(rows.reindex(items.externals(np.arange(len(items)))))
    codes, distinct = pd.factorize(np.array(list(chain.from_iterable(words)), dtype=object))
    item = np.repeat(np.arange(len(items)), [len(listed) for listed in words])
    counts = csr_matrix((np.ones(len(codes), dtype=np.float32), (item, codes)), shape=(len(items), len(distinct)))
    return _tf_idf(counts)


def _tf_idf(counts: csr_matrix) -> csr_matrix:
    """``(1 + log(count)) (1 + log((1 + n items) / (1 + items with the word)))``, each row then scaled to length 1."""
    n_items = counts.shape[0]
    n_with = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = 1 + np.log((1 + n_items) / (1 + n_with))
    idf[n_with > max(MIN_COMMON_ITEMS, n_items * MAX_COMMON_SHARE)] = 0
    weights = counts.copy()
    weights.data = (1 + np.log(counts.data)) * idf[counts.indices]
    weights.eliminate_zeros()
    length = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
    return csr_matrix(diags_array(1 / np.maximum(length, 1e-9)) @ weights, dtype=np.float32)


def _words(rows: pd.DataFrame) -> list[list[str]]:
    """The words of each item; those of categories, brands and tags say so, and are kept whole."""
    parts = [
        _column(rows, TITLE).map(lambda title: title.lower().split()),
        _column(rows, CATEGORY).map(lambda path: [f"category={one}" for one in _prefixes(path)]),
        _column(rows, BRAND).map(lambda brand: [f"brand={brand}"] if brand else []),
        _column(rows, TAGS).map(_tags),
    ]
    return [list(chain.from_iterable(listed)) for listed in zip(*parts, strict=True)]


def _tags(tags: str) -> list[str]:
    return [f"tag={tag.strip()}" for tag in TAG_SEPARATORS.split(tags) if tag.strip()]


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    """A column as text, empty where nothing is known."""
    if name not in rows:
        return pd.Series("", index=rows.index, dtype="str")
    return rows[name].astype("str").fillna("")


def _prefixes(path: str) -> list[str]:
    """A category and all above it."""
    parts = path.split(CATEGORY_SEPARATOR) if path else []
    return [CATEGORY_SEPARATOR.join(parts[: depth + 1]) for depth in range(len(parts))]
