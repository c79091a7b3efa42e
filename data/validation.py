"""The contract that an event must keep, as a pandera schema, and the one reason for each row that does not.

A row gets the first reason that applies in the order of `data.reasons.Reason`. Rules: an item with neither user nor
time is a line of some order; ids are there, at most
``max_id_length`` characters long and without control characters; the time is readable, not before ``earliest`` and not
more than ``max_future_days`` past `now`; the type is canonical; a quantity is at most ``max_quantity``, and above zero
in a purchase. A missing price or quantity is fine, and one that cannot be read is missing.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.errors
import pandera.pandas as pa

from data.event_names import is_ignored
from data.reasons import Reason
from data.settings import DataConfig
from shortlist.columns import EVENT_TYPE, ITEM_ID, QUANTITY, TIMESTAMP, USER_ID, EventType

ORDER: Final = tuple(Reason)
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
"""The characters that no request could ask for."""

GOOD: Final = len(ORDER)
"""The code of a row that nothing is wrong with; below it codes are positions in ``ORDER``."""

_BOUGHT: Final = "bought_quantity"


def contract_codes(
    events: pd.DataFrame, is_malformed: npt.NDArray[np.bool_], config: DataConfig, now: datetime
) -> npt.NDArray[np.int8]:
    """Check every row.

    Parameters
    ----------
    events : DataFrame, shape (n_rows, n_canonical_columns)
        As `data.events.canonical_events` makes them, with any index.
    is_malformed : ndarray of bool, shape (n_rows,)
        Rows that stand for unreadable lines.
    config : DataConfig
    now : datetime
        The present, with a time zone.

    Returns
    -------
    ndarray of int8, shape (n_rows,)
        Position of each row's reason in ``ORDER``, or ``GOOD``.
    """
    checked = events.reset_index(drop=True)
    checked[_BOUGHT] = checked[QUANTITY].where(checked[EVENT_TYPE] == str(EventType.PURCHASE))
    codes = np.full(len(checked), GOOD, dtype=np.int8)
    try:
        event_schema(config, now).validate(checked, lazy=True)
    except pandera.errors.SchemaErrors as found:
        cases = found.failure_cases
        positions = cases["index"].to_numpy(dtype=np.int64)
        np.minimum.at(codes, positions, cases["check"].map(ORDER.index).to_numpy(dtype=np.int8))
    is_alone = checked[USER_ID].isna() & checked[TIMESTAMP].isna() & checked[ITEM_ID].notna()
    codes[is_alone.to_numpy(dtype=bool)] = ORDER.index(Reason.ORDER_LINE_ALONE)
    codes[is_ignored(checked[EVENT_TYPE]).to_numpy(dtype=bool)] = ORDER.index(Reason.IGNORED_EVENT_TYPE)
    codes[is_malformed] = ORDER.index(Reason.MALFORMED_ROW)
    return codes


def event_schema(config: DataConfig, now: datetime) -> pa.DataFrameSchema:
    """The schema of canonical events; the error of each check is a reason code."""
    latest = pd.Timestamp(now).tz_convert("UTC") + timedelta(days=config.max_future_days)
    earliest = pd.Timestamp(config.earliest, tz="UTC")
    rules: dict[str, list[tuple[Reason, Callable[[pd.Series], pd.Series]]]] = {
        USER_ID: [
            (Reason.MISSING_USER_ID, pd.Series.notna),
            (Reason.ID_TOO_LONG, lambda ids: ~(ids.str.len() > config.max_id_length)),
            (Reason.BAD_ID, is_plain),
        ],
        ITEM_ID: [
            (Reason.MISSING_ITEM_ID, pd.Series.notna),
            (Reason.ID_TOO_LONG, lambda ids: ~(ids.str.len() > config.max_id_length)),
            (Reason.BAD_ID, is_plain),
        ],
        TIMESTAMP: [
            (Reason.BAD_TIMESTAMP, pd.Series.notna),
            (Reason.TIMESTAMP_IN_FUTURE, lambda times: ~(times > latest)),
            (Reason.TIMESTAMP_TOO_OLD, lambda times: ~(times < earliest)),
        ],
        EVENT_TYPE: [(Reason.UNKNOWN_EVENT_TYPE, lambda kinds: kinds.isin([str(kind) for kind in EventType]))],
        QUANTITY: [(Reason.QUANTITY_ABSURD, lambda quantities: ~(quantities > config.max_quantity))],
        _BOUGHT: [(Reason.QUANTITY_NOT_POSITIVE, lambda quantities: ~(quantities <= 0))],
    }
    return pa.DataFrameSchema({column: _column(checks) for column, checks in rules.items()})


def is_plain(ids: pd.Series) -> pd.Series:
    """Whether ids are free of control characters, which no request could ask for."""
    return ~ids.str.contains(CONTROL, regex=True).fillna(value=False).astype(bool)


def _column(checks: list[tuple[Reason, Callable[[pd.Series], pd.Series]]]) -> pa.Column:
    return pa.Column(
        checks=[pa.Check(holds, error=str(reason), ignore_na=False) for reason, holds in checks], nullable=True
    )
