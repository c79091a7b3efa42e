"""The words of the catalogue."""

import numpy as np
import pandas as pd

from data.content import MIN_COMMON_ITEMS, build_content
from shortlist.ids import IdMap


def content_of(rows: list[dict[str, str]], extra: tuple[str, ...] = ()) -> np.ndarray:
    """The weights of the words of items a, b, ..."""
    ids = [chr(ord("a") + place) for place in range(len(rows))]
    catalog = pd.DataFrame(rows).assign(item_id=ids).astype("str").replace("nan", np.nan)
    return build_content(catalog, IdMap.from_ids([*ids, *extra])).toarray()


def test_like_items_have_like_rows() -> None:
    """Items that share a tag are nearer than items that share nothing, and a shared rare word says more."""
    weights = content_of([{"tags": "red|round"}, {"tags": "red, flat"}, {"tags": "blue|high"}, {"tags": "red|round"}])
    likeness = weights @ weights.T
    assert likeness[0, 3] > likeness[0, 1] > likeness[0, 2] == 0
    np.testing.assert_allclose(np.diag(likeness), 1, atol=1e-6)


def test_columns_do_not_mix() -> None:
    """A brand and a tag of one spelling are two words; a category brings all those above it."""
    paths = [{"category": path} for path in ("A > B", "A > C", "D")]
    weights = content_of([{"brand": "oak"}, {"tags": "oak"}, *paths])
    likeness = weights @ weights.T
    assert likeness[0, 1] == 0
    assert likeness[2, 3] > 0
    assert likeness[2, 4] == 0


def test_items_without_words_have_empty_rows() -> None:
    """An item that the catalogue does not know, or says nothing of, has no words; an empty catalogue has none."""
    weights = content_of([{"title": "Tea pot"}, {"title": ""}], extra=("z",))
    assert weights.any(axis=1).tolist() == [True, False, False]
    assert build_content(pd.DataFrame({"item_id": []}), IdMap.from_ids(["a"])).shape == (1, 0)


def test_words_of_nearly_all_items_say_nothing() -> None:
    """A word of more items than the bound is left out."""
    n = MIN_COMMON_ITEMS + 50
    catalog = pd.DataFrame({"item_id": [f"i{k:04}" for k in range(n)], "title": "thing"}, dtype="str")
    assert build_content(catalog, IdMap.from_ids(catalog["item_id"])).nnz == 0
