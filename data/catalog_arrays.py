"""The catalogue's tables turned into `ItemAttributes`."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.attributes import ItemAttributes
from data.content import build_content
from data.interactions import to_seconds
from shortlist.columns import (
    AVAILABILITY,
    BRAND,
    CATEGORY,
    CATEGORY_SEPARATOR,
    CREATED_AT,
    DISCONTINUED,
    ITEM_ID,
    PRICE,
    TITLE,
)
from shortlist.ids import MISSING, IdMap
from shortlist.texts import Texts

MAX_TITLE_CHARACTERS = 200
"""What of a title a bundle keeps, to be shown."""


def build_attributes(catalog: pd.DataFrame, items: IdMap) -> ItemAttributes:
    """Align a canonical catalogue, which may be empty or lack columns, with item positions."""
    rows = (
        catalog.drop_duplicates(ITEM_ID, keep="last").set_index(ITEM_ID).reindex(items.externals(np.arange(len(items))))
    )
    paths = _text(rows, CATEGORY)
    categories = IdMap.from_ids(prefix for path in paths.dropna().unique() for prefix in _prefixes(path))
    prices = pd.to_numeric(rows[PRICE]) if PRICE in rows else pd.Series(np.nan, index=rows.index)
    brand, brands = pd.factorize(_text(rows, BRAND), sort=True)
    return ItemAttributes(
        categories=categories,
        parent=_parents(categories),
        category=categories.positions(paths.fillna("")),
        brand=brand.astype(np.int32),
        price=prices.fillna(0.0).to_numpy(dtype=np.float32),
        available=_flags(rows, AVAILABILITY, usual=True),
        discontinued=_flags(rows, DISCONTINUED, usual=False),
        created=_created(rows),
        titles=Texts.of(_text(rows, TITLE).str.slice(stop=MAX_TITLE_CHARACTERS)),
        brands=Texts.of(brands),
        content=build_content(catalog, items),
    )


def _text(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows[column].astype("str") if column in rows else pd.Series(np.nan, index=rows.index, dtype="str")


def _flags(rows: pd.DataFrame, column: str, *, usual: bool) -> npt.NDArray[np.bool_]:
    if column not in rows:
        return np.full(len(rows), usual, dtype=np.bool_)
    return np.array([usual if pd.isna(value) else bool(value) for value in rows[column].to_list()], dtype=np.bool_)


def _created(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    if CREATED_AT not in rows:
        return np.zeros(len(rows), dtype=np.int64)
    times = pd.to_datetime(rows[CREATED_AT], utc=True)
    return np.where(times.notna(), to_seconds(times), 0)


def _prefixes(path: str) -> list[str]:
    parts = path.split(CATEGORY_SEPARATOR)
    return [CATEGORY_SEPARATOR.join(parts[: depth + 1]) for depth in range(len(parts))]


def _parents(categories: IdMap) -> npt.NDArray[np.int32]:
    names = categories.externals(np.arange(len(categories)))
    above = [name.rpartition(CATEGORY_SEPARATOR)[0] for name in names]
    return np.array([categories.position(name) if name else MISSING for name in above], dtype=np.int32)
