"""Records with objects and item lists inside, made flat: one row an item, nested names joined with dots.

Google Analytics 4 lists what an event is about in ``items``, Vertex AI Search for commerce in ``productDetails``. A
record with n items becomes n rows; one with an empty list stays one row, without an item.
"""

from typing import Any, Final

import numpy as np
import pandas as pd

ITEM_LISTS: Final = ("items", "productDetails", "product_details")
_IDS_OF_RECORDS: Final = ("event_id", "eventId", "EVENT_ID")


def expand_records(rows: pd.DataFrame, numbers: pd.Series | None = None) -> tuple[pd.DataFrame, pd.Series]:
    """Flatten a table.

    Parameters
    ----------
    rows : DataFrame, shape (n_records, n_columns)
    numbers : Series of int64, shape (n_records,), optional
        The number of each record; counted from 1 when left out.

    Returns
    -------
    rows : DataFrame, shape (n_rows, n_flat_columns)
        Nested objects as columns ``outer.inner``.
    numbers : Series of int64, shape (n_rows,)
        The record that each row comes from. The id of a record with several rows is told apart by ``#1``, ``#2``, ...
    """
    numbered = pd.Series(np.arange(1, len(rows) + 1)) if numbers is None else numbers.reset_index(drop=True)
    flat = rows.reset_index(drop=True)
    for column in [name for name in ITEM_LISTS if name in flat and _holds(flat[name], (list, np.ndarray, dict))]:
        flat[column] = flat[column].map(_unwrapped)
        flat = flat.explode(column)
        numbered = numbered.loc[flat.index].reset_index(drop=True)
        flat = _tell_apart(flat.reset_index(drop=True), numbered)
    return _flatten(flat), numbered


def _flatten(rows: pd.DataFrame) -> pd.DataFrame:
    """Replace each column of objects by one column a field, to any depth."""
    while nested := [name for name in rows.columns if _holds(rows[name], (dict,))]:
        for name in nested:
            fields = pd.DataFrame([value if isinstance(value, dict) else {} for value in rows[name]], dtype="object")
            fields = fields.add_prefix(f"{name}.")
            rows = pd.concat([rows.drop(columns=name), fields], axis=1)
    return rows


def _holds(values: pd.Series, kinds: tuple[type, ...]) -> bool:
    return values.dtype == "object" and any(isinstance(value, kinds) for value in values)


def _unwrapped(value: Any) -> Any:
    """The elements of a list, also of one that BigQuery wraps as ``{"list": [{"element": ...}]}``."""
    if isinstance(value, dict) and set(value) == {"list"}:
        value = value["list"]
    if not isinstance(value, (list, np.ndarray)):
        return value
    return [one["element"] if isinstance(one, dict) and set(one) == {"element"} else one for one in value]


def _tell_apart(rows: pd.DataFrame, numbers: pd.Series) -> pd.DataFrame:
    """Make the id of a record that became several rows unique again."""
    several = numbers.duplicated(keep=False)
    place = numbers.groupby(numbers).cumcount() + 1
    for column in [name for name in _IDS_OF_RECORDS if name in rows]:
        ids = rows[column]
        rows[column] = ids.where(~several | ids.isna(), ids.astype("str") + "#" + place.astype("str"))
    return rows
