from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from data.settings import DataConfig
from data.validation import GOOD, ORDER, contract_codes
from shortlist.columns import EVENT_DTYPES

NOW = datetime(2024, 6, 1, tzinfo=UTC)
GOOD_ROW = {
    "user_id": "u",
    "item_id": "i",
    "timestamp": "2024-05-01",
    "event_type": "purchase",
    "price": 1.0,
    "quantity": 1.0,
}


def reason_of(config=DataConfig(), **changes):  # noqa: B008
    """The code of one row that differs from a good one."""
    events = pd.DataFrame([{**GOOD_ROW, **changes}]).reindex(columns=list(EVENT_DTYPES))
    events["timestamp"] = pd.to_datetime(events["timestamp"], utc=True)
    code = contract_codes(events.astype(EVENT_DTYPES), np.array([False]), config, NOW)[0]
    return None if code == GOOD else str(ORDER[code])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"price": 0.0}, None),
        ({"price": np.nan, "quantity": np.nan}, None),
        ({"user_id": None, "item_id": None}, "MISSING_USER_ID"),
        ({"item_id": None, "timestamp": None}, "MISSING_ITEM_ID"),
        ({"timestamp": None}, "BAD_TIMESTAMP"),
        ({"timestamp": "2024-06-02T00:00:01"}, "TIMESTAMP_IN_FUTURE"),
        ({"timestamp": "2024-06-02T00:00:00"}, None),
        ({"timestamp": "1969-12-31"}, "TIMESTAMP_TOO_OLD"),
        ({"event_type": "frobnicate"}, "UNKNOWN_EVENT_TYPE"),
        ({"event_type": None}, "UNKNOWN_EVENT_TYPE"),
        ({"event_type": "home-page-view", "item_id": None}, "IGNORED_EVENT_TYPE"),
        ({"user_id": "u\n1"}, "BAD_ID"),
        ({"item_id": "p\x00"}, "BAD_ID"),
        ({"quantity": 0.0}, "QUANTITY_NOT_POSITIVE"),
        ({"quantity": -2.0}, "QUANTITY_NOT_POSITIVE"),
        ({"quantity": 0.0, "event_type": "view"}, None),
        ({"quantity": 100_000.0}, None),
        ({"quantity": 100_001.0}, "QUANTITY_ABSURD"),
        ({"user_id": "x" * 256}, None),
        ({"user_id": "x" * 257}, "ID_TOO_LONG"),
        ({"item_id": "x" * 257}, "ID_TOO_LONG"),
    ],
)
def test_one_reason_for_each_bad_row(changes, expected):
    """A row gets the first reason that applies, in the stated order; a good row gets none."""
    assert reason_of(**changes) == expected


def test_limits_are_configuration():
    """A configured limit is the one that counts."""
    assert reason_of(DataConfig(max_quantity=5), quantity=6.0) == "QUANTITY_ABSURD"
    assert reason_of(DataConfig(max_future_days=3), timestamp="2024-06-03") is None
    assert reason_of(DataConfig(max_id_length=3), item_id="abcd") == "ID_TOO_LONG"
