"""Events that come one by one or in small batches, each checked by the rules that hold for files.

Unlike a file, which shows by its columns how it writes times and numbers, each record stands for itself: what one of
them means never depends on its neighbours. So times are ISO 8601 with or without an offset (UTC without), or seconds
since 1970 as a number, and numbers have a decimal point.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import numpy as np
import orjson
import pandas as pd

from data.event_names import canonical_event_types, squash
from data.formats import EVENT_ALIASES
from data.guests import named_ids, visitor
from data.log.journal import Entry
from data.numbers import read_prices
from data.reasons import Reason
from data.settings import DataConfig
from data.validation import GOOD, ORDER, contract_codes
from shortlist.columns import (
    EVENT_DTYPES,
    EVENT_ID,
    EVENT_TYPE,
    ITEM_ID,
    POSITION,
    PRICE,
    QUANTITY,
    SESSION_ID,
    TIMESTAMP,
    USER_ID,
)
from shortlist.ids import without_point

CONSENT: Final = "consent"
_NAMES: Final = {squash(alias): column for column, names in EVENT_ALIASES.items() for alias in (column, *names)} | {
    squash(column): column for column in EVENT_DTYPES
}
_NUMBERS: Final = (PRICE, QUANTITY, POSITION)
_NO_TIME: Final = "no time"
"""What stands for a time that cannot be read, so that it is not taken for one that was left out."""


@dataclass(frozen=True, slots=True)
class CheckedEvents:
    """What became of some records.

    Attributes
    ----------
    entries : dict of int to Entry
        Those that nothing is wrong with, by their places.
    refused : dict of int to Reason
        The others, but for those in `withheld`.
    withheld : tuple of int
        Those whose user does not consent: nothing of them is kept.
    """

    entries: dict[int, Entry]
    refused: dict[int, Reason]
    withheld: tuple[int, ...]


def check_events(records: Sequence[object], config: DataConfig, now: datetime, *, consents: bool) -> CheckedEvents:
    """Check records one by one.

    Parameters
    ----------
    records : sequence
        JSON objects; canonical names or their aliases.
    now : datetime
        The present, with a time zone: the time of an event that has none.
    consents : bool
        Whether a record that does not say so may be kept.
    """
    named = [_named(record) for record in records]
    withheld = tuple(place for place, one in enumerate(named) if _is_withheld(one, consents=consents))
    places = [place for place in range(len(named)) if place not in set(withheld)]
    words = frozenset(word.lower() for word in config.null_words)
    rows = pd.DataFrame([_row(named[place] or {}, now, words) for place in places], columns=list(EVENT_DTYPES))
    events = _canonical(rows, config)
    codes = contract_codes(events, np.array([named[place] is None for place in places], dtype=np.bool_), config, now)
    is_excluded = events[USER_ID].isin(config.excluded_users).to_numpy(dtype=np.bool_)
    codes[is_excluded & (codes == GOOD)] = ORDER.index(Reason.EXCLUDED_USER)
    good = [place for place, code in zip(places, codes, strict=True) if code == GOOD]
    return CheckedEvents(
        entries=dict(zip(good, _entries(events[codes == GOOD]), strict=True)),
        refused={place: ORDER[code] for place, code in zip(places, codes, strict=True) if code != GOOD},
        withheld=withheld,
    )


def events_of(entries: Sequence[Entry]) -> pd.DataFrame:
    """The events of journal entries, canonical, in their order."""
    rows = pd.DataFrame([orjson.loads(one.content) for one in entries], columns=list(EVENT_DTYPES))
    rows[TIMESTAMP] = pd.to_datetime(rows[TIMESTAMP], format="ISO8601", utc=True)
    return rows.astype(EVENT_DTYPES)


def _named(record: object) -> dict[str, Any] | None:
    """A record under canonical names, the first of several aliases with a value counting; None for what is none."""
    if not isinstance(record, Mapping):
        return None
    named: dict[str, Any] = {CONSENT: record.get(CONSENT)}
    for name, value in record.items():
        column = _NAMES.get(squash(name))
        if column is not None and value is not None and value != "":
            named.setdefault(column, value)
    return named


def _is_withheld(named: dict[str, Any] | None, *, consents: bool) -> bool:
    given = None if named is None else named[CONSENT]
    return given is False or (given is not True and not consents)


def _row(named: dict[str, Any], now: datetime, words: Collection[str]) -> dict[str, str | None]:
    """All values as text; nobody's with a session has an id of its own."""
    row: dict[str, str | None] = {column: _text(named.get(column)) for column in EVENT_DTYPES}
    for column in (USER_ID, ITEM_ID, EVENT_ID):
        row[column] = None if row[column] is None else without_point(str(row[column]).strip())
    if row[USER_ID] is not None:
        row[USER_ID] = visitor(row[USER_ID], row[SESSION_ID], words)
    row[TIMESTAMP] = _time(named[TIMESTAMP]) if TIMESTAMP in named else now.isoformat()
    return row


def _text(value: object) -> str | None:
    """Text and numbers; anything else stands for nothing."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _time(value: object) -> str:
    """A moment in UTC, or what is none."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        pass
    return _NO_TIME


def _canonical(rows: pd.DataFrame, config: DataConfig) -> pd.DataFrame:
    events = rows.astype("str").where(rows.notna())
    for column in (USER_ID, ITEM_ID):
        events[column] = named_ids(events[column], config.null_words, may_be_zero=True).ids
    for column in _NUMBERS:
        is_given = rows[column].notna().any()  # reading nothing takes milliseconds, too
        events[column] = read_prices(events[column], "point").values if is_given else np.nan
    events[TIMESTAMP] = pd.to_datetime(events[TIMESTAMP], format="ISO8601", utc=True, errors="coerce")
    events[EVENT_TYPE] = canonical_event_types(events[EVENT_TYPE])
    return events.astype(EVENT_DTYPES)


def _entries(events: pd.DataFrame) -> Iterator[Entry]:
    times = events[TIMESTAMP].map(pd.Timestamp.isoformat)
    for record in events.assign(**{TIMESTAMP: times}).to_dict("records"):
        content = orjson.dumps({str(name): value for name, value in record.items() if not pd.isna(value)})
        named = record[EVENT_ID]
        yield Entry(sha256(content).hexdigest() if pd.isna(named) else str(named), content)
