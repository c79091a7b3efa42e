"""What the catalogue says of an item, as words: title, category and all above it, brand and tags."""

from itertools import chain
from typing import Final

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from shortlist.columns import BRAND, CATEGORY, CATEGORY_SEPARATOR, ITEM_ID, TAGS, TITLE
from shortlist.ids import IdMap

TAG_SEPARATOR: Final = "|"
MIN_COMMON_ITEMS: Final = 200
MAX_COMMON_SHARE: Final = 0.02
"""A word of more than this share of the items, and of more than `MIN_COMMON_ITEMS`, is too common to say anything."""


def build_content(catalog: pd.DataFrame, items: IdMap) -> csr_matrix:
    """The weights of each item's words by TF-IDF, aligned with item positions.

    Salton and Buckley, "Term-weighting Approaches in Automatic Text Retrieval", 1988, as scikit-learn computes it.

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
    if not any(words):
        return csr_matrix((len(items), 0), dtype=np.float32)
    most = max(MIN_COMMON_ITEMS, int(len(items) * MAX_COMMON_SHARE))
    vectorizer = TfidfVectorizer(analyzer=lambda listed: listed, max_df=most, sublinear_tf=True, dtype=np.float32)
    try:
        return csr_matrix(vectorizer.fit_transform(words))
    except ValueError:  # every word is too common
        return csr_matrix((len(items), 0), dtype=np.float32)


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
    return [f"tag={tag.strip()}" for tag in tags.split(TAG_SEPARATOR) if tag.strip()]


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    """A column as text, empty where nothing is known."""
    if name not in rows:
        return pd.Series("", index=rows.index, dtype="str")
    return rows[name].astype("str").fillna("")


def _prefixes(path: str) -> list[str]:
    """A category and all above it."""
    parts = path.split(CATEGORY_SEPARATOR) if path else []
    return [CATEGORY_SEPARATOR.join(parts[: depth + 1]) for depth in range(len(parts))]
