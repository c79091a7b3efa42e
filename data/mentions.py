"""Where stored text and tables name a user."""

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from data.people import canonical_user

FORGOTTEN: Final = "(forgotten)"
EXAMPLE: Final = "values"
"""Under this name, import records hold the values of a row that was set aside."""


def word(user_id: str) -> re.Pattern[str]:
    """An id that stands alone in a text."""
    return re.compile(rf"(?<![\w.,-]){re.escape(user_id)}(?![\w-]|[.,]\d)")


def mentions_in_rows(table: pa.Table, user_id: str) -> npt.NDArray[np.bool_]:
    """Which rows of a table name a user in a text: as the value, or in a line that could not be read.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
    """
    named, found = word(user_id), np.zeros(len(table), dtype=np.bool_)
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            maybe = np.flatnonzero(pc.fill_null(pc.match_substring(column, user_id), fill_value=False))
            found[[place for place in maybe if _names(column[int(place)].as_py(), user_id, named)]] = True
    return found


def _names(value: str, user_id: str, named: re.Pattern[str]) -> bool:
    """Whether a cell names the user: it holds the id alone, or a whole line with it."""
    return canonical_user(value) == user_id or ("," in value and named.search(value) is not None)


def without_mentions(content: bytes, user_id: str) -> bytes:
    """A JSON file whose texts do not name a user; byte for byte the same where none does."""
    record = orjson.loads(content)
    if not any(True for _ in mentions_in_json(record, user_id)):
        return content
    return orjson.dumps(_blanked(record, user_id, word(user_id)), option=orjson.OPT_INDENT_2)


def mentions_in_json(value: Any, user_id: str) -> Iterator[str]:
    """The texts of a JSON value that name a user."""
    if isinstance(value, dict):
        for part in value.values():
            yield from mentions_in_json(part, user_id)
    elif isinstance(value, list):
        for part in value:
            yield from mentions_in_json(part, user_id)
    elif isinstance(value, str) and (canonical_user(value) == user_id or word(user_id).search(value)):
        yield value


def _blanked(value: Any, user_id: str, named: re.Pattern[str]) -> Any:
    if isinstance(value, dict):
        return {name: _blanked_part(name, part, user_id, named) for name, part in value.items()}
    if isinstance(value, list):
        return [_blanked(part, user_id, named) for part in value]
    if isinstance(value, str):
        return FORGOTTEN if canonical_user(value) == user_id else named.sub(FORGOTTEN, value)
    return value


def _blanked_part(name: str, part: Any, user_id: str, named: re.Pattern[str]) -> Any:
    """Of an example nothing is left: its other values say what the user did."""
    if name == EXAMPLE and any(True for _ in mentions_in_json(part, user_id)):
        return {}
    return _blanked(part, user_id, named)
