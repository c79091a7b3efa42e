"""The column names of the formats that are understood, and how a format is recognised.

Names are compared without case and punctuation, so that ``productDetails[].product.id`` and
``productDetails.product.id`` are one. Of several columns that a vendor's format gives for one canonical column, the
first that has a value in a row counts: a signed-in visitor's ``user_id`` before the browser's ``user_pseudo_id``.

References
----------
Google Analytics: BigQuery export schema. Vertex AI Search for commerce: UserEvent and Product. Amazon Personalize:
ECOMMERCE domain data sets (``EVENT_VALUE`` is taken as the price where there is no ``PRICE``). Recombee: API reference,
user-item interactions (times as ISO 8601 or UTC epoch seconds; the price is the sum over the whole amount). Shopify:
the export of orders (one line for each item; what is the order's stands on its first line).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from data.event_names import squash
from shortlist.columns import (
    AVAILABILITY,
    BRAND,
    CATEGORY,
    COST,
    CREATED_AT,
    DESCRIPTION,
    EVENT_DTYPES,
    EVENT_TYPE,
    GROUP_ID,
    ITEM_ID,
    PRICE,
    QUANTITY,
    RECOMMENDATION_ID,
    SESSION_ID,
    TAGS,
    TIMESTAMP,
    TITLE,
    USER_ID,
)

Aliases = Mapping[str, Sequence[str]]
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Format:
    """How one vendor writes events.

    Attributes
    ----------
    name : str
    columns : mapping of str to sequence of str
        For each canonical column the squashed names that stand for it, the first with a value counting.
    timestamp_unit : str, optional
        The unit of a time given as a number.
    is_price_of_all : bool
        Whether the price is that of the whole quantity.
    """

    name: str
    columns: Aliases = field(default_factory=dict)
    timestamp_unit: str | None = None
    is_price_of_all: bool = False


def _table(**columns: str) -> dict[str, tuple[str, ...]]:
    return {column: tuple(squash(name) for name in names.split()) for column, names in columns.items()}


SHORTLIST: Final = Format("shortlist")
_GA4: Final = Format(
    "ga4",
    _table(
        user_id="user_id user_pseudo_id",
        item_id="items.item_id item_id",
        timestamp="event_timestamp",
        event_type="event_name",
        price="items.price item_price",
        quantity="items.quantity item_quantity",
        session_id="ga_session_id ecommerce.transaction_id",
        position="items.item_list_index item_list_index",
    ),
    timestamp_unit="us",
)
_GOOGLE_RETAIL: Final = Format(
    "google_retail",
    _table(
        user_id="userInfo.userId visitorId",
        item_id="productDetails.product.id productDetails.0.product.id productDetails.id",
        timestamp="eventTime",
        event_type="eventType",
        price="productDetails.product.priceInfo.price productDetails.0.product.priceInfo.price",
        quantity="productDetails.quantity productDetails.0.quantity",
        session_id="sessionId purchaseTransaction.id cartId",
        recommendation_id="attributionToken",
    ),
)
_PERSONALIZE: Final = Format(
    "personalize",
    _table(
        user_id="USER_ID",
        item_id="ITEM_ID",
        timestamp="TIMESTAMP",
        event_type="EVENT_TYPE",
        price="PRICE EVENT_VALUE",
        recommendation_id="RECOMMENDATION_ID",
    ),
    timestamp_unit="s",
)
_RECOMBEE: Final = Format(
    "recombee",
    _table(
        user_id="userId",
        item_id="itemId",
        timestamp="timestamp",
        event_type="interactionType eventType type",
        price="price",
        quantity="amount quantity",
        recommendation_id="recommId",
    ),
    timestamp_unit="s",
    is_price_of_all=True,
)
_SHOPIFY: Final = Format(
    "shopify",
    _table(
        user_id="customer_id email phone",
        item_id="lineitem_sku lineitem_name",
        timestamp="created_at paid_at",
        event_type="financial_status",
        price="lineitem_price",
        quantity="lineitem_quantity",
        session_id="name",
    ),
)
FORMATS: Final = {known.name: known for known in (SHORTLIST, _GA4, _GOOGLE_RETAIL, _PERSONALIZE, _RECOMBEE, _SHOPIFY)}
FORMAT_NAMES: Final = (AUTO, *FORMATS)

EVENT_ALIASES: Final[Aliases] = {
    **{column: (squash(column),) for column in EVENT_DTYPES},
    USER_ID: _table(names="user_id")["names"],
    ITEM_ID: _table(names="item_id product_id sku")["names"],
    EVENT_TYPE: _table(names="event_type event event_name")["names"],
    PRICE: _table(names="price unit_price item_price")["names"],
    QUANTITY: _table(names="quantity qty")["names"],
    SESSION_ID: _table(
        names="""session_id basket_id order_id order_number order_no transaction_id invoice invoice_id invoice_no
            invoice_number"""
    )["names"],
    RECOMMENDATION_ID: _table(names="recommendation_id recomm_id")["names"],
}
"""What is understood whatever the format: of these the first column that exists counts."""

ITEM_ALIASES: Final[Aliases] = {
    ITEM_ID: _table(names="item_id product_id id sku stock_code article_id")["names"],
    TITLE: _table(names="title name product_name item_name product_title product_type prod_name")["names"],
    DESCRIPTION: _table(names="description product_description long_description")["names"],
    CATEGORY: _table(
        names="""category categories category_path product_category item_category department category_name
            google_product_category"""
    )["names"],
    BRAND: _table(names="brand brands brand_name item_brand manufacturer vendor")["names"],
    PRICE: _table(names="price unit_price price_info.price item_price regular_price sale_price")["names"],
    COST: _table(names="cost unit_cost cost_price purchase_cost cogs")["names"],
    AVAILABILITY: _table(names="availability available in_stock is_available stock_status")["names"],
    TAGS: _table(names="tags labels keywords")["names"],
    CREATED_AT: _table(
        names="created_at creation_timestamp available_time publish_time date_added first_seen creation_date"
    )["names"],
    GROUP_ID: _table(names="group_id item_group_id primary_product_id parent_id parent_item_id parent parent_sku")[
        "names"
    ],
}
USER_ALIASES: Final[Aliases] = {USER_ID: _table(names="user_id visitor_id customer_id id")["names"]}

CATEGORY_LEVELS: Final = tuple(
    tuple(squash(pattern.format(level)) for pattern in ("category_l{}", "category_level_{}", "item_category{}"))
    for level in range(1, 6)
)
"""Names of the columns that hold one level of the category each."""

_LIKELY: Final = {
    USER_ID: ("user", "customer", "client", "visitor", "member", "shopper", "household", "account"),
    ITEM_ID: ("item", "product", "stock", "sku", "article", "asin"),
    TIMESTAMP: ("timestamp", "time", "date"),
    EVENT_TYPE: ("event", "action", "type", "behav", "interaction"),
}
_RECOMBEE_NAMES: Final = frozenset(
    _table(names="detail_view detail_views cart_addition cart_additions bookmark bookmarks rating ratings")["names"]
)


def recognise(rows: pd.DataFrame) -> Format:
    """The format that a table's columns and event names belong to; the canonical one when no vendor's fits."""
    exact = set(rows.columns)
    squashed = {squash(name) for name in rows.columns}
    if {"eventname", "eventtimestamp"} <= squashed or {"eventname", "userpseudoid"} <= squashed:
        return _GA4
    if {"eventtype", "eventtime"} <= squashed and any(
        name.startswith(("visitorid", "userinfouserid", "productdetails")) for name in squashed
    ):
        return _GOOGLE_RETAIL
    if {"USER_ID", "ITEM_ID", "TIMESTAMP"} <= exact:
        return _PERSONALIZE
    if {"lineitemname", "lineitemquantity"} <= squashed:
        return _SHOPIFY
    return _RECOMBEE if _is_recombee(rows, exact, squashed) else SHORTLIST


def _is_recombee(rows: pd.DataFrame, exact: set[str], squashed: set[str]) -> bool:
    if not {"userId", "itemId"} <= exact:
        return False
    if squashed & {"recommid", "cascadecreate"}:
        return True
    kinds = [name for name in rows.columns if squash(name) in _RECOMBEE.columns[EVENT_TYPE]]
    return any(not _RECOMBEE_NAMES.isdisjoint(squash(one) for one in rows[name].dropna().unique()) for name in kinds)


def likely_column(canonical: str, columns: Sequence[str]) -> str | None:
    """The column that a missing one probably goes by."""
    for word in _LIKELY.get(canonical, ()):
        for column in columns:
            if word in column.lower():
                return column
    return None
