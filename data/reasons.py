"""Why a row was set aside: one stable code a row, the first that applies in the order below."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Quarantine codes, in the order in which they are tried."""

    MALFORMED_ROW = "MALFORMED_ROW"
    IGNORED_EVENT_TYPE = "IGNORED_EVENT_TYPE"
    ORDER_LINE_ALONE = "ORDER_LINE_ALONE"
    MISSING_USER_ID = "MISSING_USER_ID"
    MISSING_ITEM_ID = "MISSING_ITEM_ID"
    BAD_TIMESTAMP = "BAD_TIMESTAMP"
    TIMESTAMP_IN_FUTURE = "TIMESTAMP_IN_FUTURE"
    TIMESTAMP_TOO_OLD = "TIMESTAMP_TOO_OLD"
    UNKNOWN_EVENT_TYPE = "UNKNOWN_EVENT_TYPE"
    QUANTITY_NOT_POSITIVE = "QUANTITY_NOT_POSITIVE"
    QUANTITY_ABSURD = "QUANTITY_ABSURD"
    ID_TOO_LONG = "ID_TOO_LONG"
    BAD_ID = "BAD_ID"
    BAD_PRICE = "BAD_PRICE"
    BAD_AVAILABILITY = "BAD_AVAILABILITY"
    EXCLUDED_USER = "EXCLUDED_USER"
    EXCLUDED_CATEGORY = "EXCLUDED_CATEGORY"
    FORGOTTEN_USER = "FORGOTTEN_USER"
    DUPLICATE = "DUPLICATE"

    @property
    def breaks_contract(self) -> bool:
        """Whether the row is wrong, and not merely one that is not wanted."""
        return self not in _NOT_WANTED

    @property
    def hint(self) -> str:
        """What the owner of the data can do about it."""
        return _HINTS[self]


_NOT_WANTED: Final = frozenset(
    {
        Reason.IGNORED_EVENT_TYPE,
        Reason.EXCLUDED_USER,
        Reason.EXCLUDED_CATEGORY,
        Reason.FORGOTTEN_USER,
        Reason.DUPLICATE,
    }
)

_HINTS: Final = {
    Reason.MALFORMED_ROW: "The line has another number of fields than the header, or is no JSON object: export again.",
    Reason.IGNORED_EVENT_TYPE: "Nothing: an event about no item, such as a search, or an order that was not paid.",
    Reason.ORDER_LINE_ALONE: (
        "No user and no time: if these are further lines of an order, name the column of its number: "
        "--map session_id=COLUMN."
    ),
    Reason.MISSING_USER_ID: "Nothing, if these are guests; else name the column with --map user_id=COLUMN.",
    Reason.MISSING_ITEM_ID: "Name the column with --map item_id=COLUMN, or mend the export.",
    Reason.BAD_TIMESTAMP: (
        "Write times as 2024-05-31T18:20:00Z; say --date-order day or month for dates such as 03/04/2024, and name a "
        "number's unit with --timestamp-unit; where only an order's first line has a time, name the column of its "
        "number: --map session_id=COLUMN."
    ),
    Reason.TIMESTAMP_IN_FUTURE: "Check the clock, --timezone and --timestamp-unit; data.max_future_days is the limit.",
    Reason.TIMESTAMP_TOO_OLD: "Check --timestamp-unit; data.earliest is the limit.",
    Reason.UNKNOWN_EVENT_TYPE: "Rename the type in the export; --event-type fills in where there is none.",
    Reason.QUANTITY_NOT_POSITIVE: (
        "If these were sent back: name the column that says so, --map event_type=COLUMN, or write the type cancel."
    ),
    Reason.QUANTITY_ABSURD: "Raise data.max_quantity if such amounts are real.",
    Reason.ID_TOO_LONG: "Check that the column holds ids; data.max_id_length is the limit.",
    Reason.BAD_ID: "An id may hold no control characters such as line breaks: mend the export.",
    Reason.BAD_PRICE: "`PUT /items` alone: give a number such as 12.50, and not below 0.",
    Reason.BAD_AVAILABILITY: "`PUT /items` alone: give `in stock`, `out of stock` or `discontinued`.",
    Reason.EXCLUDED_USER: "Nothing: data.excluded_users asks for it.",
    Reason.EXCLUDED_CATEGORY: "Nothing: data.excluded_categories asks for it.",
    Reason.FORGOTTEN_USER: "Nothing: the user was forgotten after it (`shortlist forget`); no copy of the row is kept.",
    Reason.DUPLICATE: "Nothing: the same row is there already.",
}
