"""Items that come one by one or in small batches, made canonical by the rules that hold for files.

As with single events, each record stands for itself: numbers have a decimal point, times are ISO 8601 or seconds since
1970. What a record does not name stays as it is.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from data.catalog import canonical_items, read_items
from data.event_names import squash
from data.events import Reading
from data.formats import ITEM_ALIASES
from data.item_states import GONE, IN_STOCK, OUT_OF_STOCK
from data.log.register import Fact, Register
from data.reasons import Reason
from data.settings import DataConfig
from data.sources import RawTable
from data.validation import CONTROL
from shortlist.columns import AVAILABILITY, CREATED_AT, DISCONTINUED, ITEM_DTYPES, ITEM_ID, PRICE
from shortlist.home import Home

_NAMES: Final = {squash(alias): column for column, names in ITEM_ALIASES.items() for alias in (column, *names)}
_STATES: Final = (PRICE, AVAILABILITY, DISCONTINUED)
_COLUMNS: Final = [column for column in ITEM_DTYPES if column != DISCONTINUED]


@dataclass(frozen=True, slots=True)
class CheckedItems:
    """What became of some records.

    Attributes
    ----------
    items : dict of str to dict
        The values that good records give, by item id; of several records of one item the last counts.
    refused : dict of int to Reason
        The others, by their places.
    """

    items: dict[str, dict[str, Any]]
    refused: dict[int, Reason]


def check_items(records: Sequence[object], config: DataConfig) -> CheckedItems:
    """Check records one by one: JSON objects; canonical names or their aliases."""
    named = [_named(record) for record in records]
    raw = pd.DataFrame([one or {} for one in named], columns=_COLUMNS, dtype="object")
    reading = Reading("shortlist", decimal="point", timestamp_unit="s", null_words=config.null_words)
    rows = canonical_items(_table(raw), reading).rows
    given = [_given(row) for row in rows.to_dict("records")]
    reasons = [_reason(one, row, config) for one, row in zip(named, given, strict=True)]
    refused = {place: reason for place, reason in enumerate(reasons) if reason is not None}
    good = [row for row, reason in zip(given, reasons, strict=True) if reason is None]
    return CheckedItems({str(row[ITEM_ID]): _content(row) for row in good}, refused)


def items_of(facts: Sequence[Fact]) -> RawTable:
    """The items of the register as a file would hold them."""
    rows = pd.DataFrame([{**fact.content, ITEM_ID: fact.key} for fact in facts], columns=_COLUMNS, dtype="object")
    return _table(rows)


def supersede(home: Home, item_ids: pd.Series | None) -> None:
    """Let the catalogue's rows of some items, or of all, count before what the register said of them."""
    if not home.register.exists():
        return
    with closing(Register(home.register)) as register:
        known = register.keys("item")
        catalog = read_items(home)
        wanted = catalog[ITEM_ID].isin(known if item_ids is None else known & set(item_ids))
        rows = catalog.loc[wanted, [ITEM_ID, *_STATES]].to_dict("records")
        states = {row[ITEM_ID]: _content(_given(row)) for row in rows}
        register.put("item", states, is_stored=True)


def _table(rows: pd.DataFrame) -> RawTable:
    return RawTable("items", rows, pd.Series(np.arange(1, len(rows) + 1)))


def _named(record: object) -> dict[str, Any] | None:
    """A record under canonical names, the first of several aliases with a value counting; None for what is none."""
    if not isinstance(record, Mapping):
        return None
    named: dict[str, Any] = {}
    for name, value in record.items():
        column = _NAMES.get(squash(name))
        if column is not None and value is not None and value != "":
            named.setdefault(column, _plain(value))
    return named


def _plain(value: object) -> object:
    """Truth as a file writes it, a list of texts; any other nested value stands for nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return [str(one) for one in value if isinstance(one, str | int | float)]
    return value if isinstance(value, str | int | float) else None


def _reason(named: dict[str, Any] | None, row: dict[str, Any], config: DataConfig) -> Reason | None:
    """What is wrong with a record."""
    if named is None:
        return Reason.MALFORMED_ROW
    if ITEM_ID not in row:
        return Reason.MISSING_ITEM_ID
    if len(row[ITEM_ID]) > config.max_id_length:
        return Reason.ID_TOO_LONG
    if CONTROL.search(row[ITEM_ID]):
        return Reason.BAD_ID
    unread = (reason for column, reason in _UNREAD.items() if column in named and column not in row)
    return Reason.BAD_PRICE if row.get(PRICE, 0) < 0 else next(unread, None)


_UNREAD: Final = {
    PRICE: Reason.BAD_PRICE,
    AVAILABILITY: Reason.BAD_AVAILABILITY,
    CREATED_AT: Reason.BAD_TIMESTAMP,
}


def _given(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items() if not pd.isna(value)}


def _content(row: dict[str, Any]) -> dict[str, Any]:
    """The values that are given, as JSON has them."""
    given = {name: value for name, value in row.items() if name != ITEM_ID}
    is_gone, is_in = given.pop(DISCONTINUED, None), given.pop(AVAILABILITY, None)
    if is_in is not None:
        given[AVAILABILITY] = GONE if is_gone else IN_STOCK if is_in else OUT_OF_STOCK
    if CREATED_AT in given:
        given[CREATED_AT] = given[CREATED_AT].isoformat()
    return given
