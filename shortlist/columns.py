"""The one owner of column names, event types and their canonical dtypes."""

from enum import StrEnum
from typing import Final

USER_ID: Final = "user_id"
ITEM_ID: Final = "item_id"
TIMESTAMP: Final = "timestamp"
EVENT_TYPE: Final = "event_type"
PRICE: Final = "price"
QUANTITY: Final = "quantity"
SESSION_ID: Final = "session_id"
EVENT_ID: Final = "event_id"
RECOMMENDATION_ID: Final = "recommendation_id"
POSITION: Final = "position"

TITLE: Final = "title"
DESCRIPTION: Final = "description"
CATEGORY: Final = "category"
BRAND: Final = "brand"
AVAILABILITY: Final = "availability"
DISCONTINUED: Final = "discontinued"
TAGS: Final = "tags"
CREATED_AT: Final = "created_at"
GROUP_ID: Final = "group_id"

RANK: Final = "rank"
SCORE: Final = "score"
SOURCE: Final = "source"
REASON: Final = "reason"

COST: Final = "cost"
CATEGORY_SEPARATOR: Final = " > "

REQUIRED_EVENT_COLUMNS: Final = (USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE)

EVENT_DTYPES: Final[dict[str, str]] = {
    USER_ID: "str",
    ITEM_ID: "str",
    TIMESTAMP: "datetime64[us, UTC]",
    EVENT_TYPE: "str",
    PRICE: "float64",
    QUANTITY: "float64",
    SESSION_ID: "str",
    EVENT_ID: "str",
    RECOMMENDATION_ID: "str",
    POSITION: "float64",
}
"""Canonical event columns in file order; all but the first four may be missing. A price is that of one unit."""

ITEM_DTYPES: Final[dict[str, str]] = {
    ITEM_ID: "str",
    TITLE: "str",
    DESCRIPTION: "str",
    CATEGORY: "str",
    BRAND: "str",
    PRICE: "float64",
    AVAILABILITY: "bool",
    TAGS: "str",
    CREATED_AT: "datetime64[us, UTC]",
    GROUP_ID: "str",
    DISCONTINUED: "bool",
    COST: "float64",
}
"""Canonical catalogue columns. Only ``item_id`` is required; an item without availability is in stock.

``discontinued`` is made of an availability that says so: such items are never shown.
"""


class EventType(StrEnum):
    """What a user did with an item, in the canonical spelling."""

    IMPRESSION = "impression"
    VIEW = "view"
    CLICK = "click"
    ADD_TO_CART = "add_to_cart"
    REMOVE_FROM_CART = "remove_from_cart"
    WISHLIST = "wishlist"
    PURCHASE = "purchase"
    CANCEL = "cancel"
    DISLIKE = "dislike"
