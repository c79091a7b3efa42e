"""How vendors name what a user did, and the canonical event type of each name.

Names are compared without case, ``-``, ``_`` and spaces. The names are those of Google Analytics 4 (recommended
events), the Vertex AI Search for commerce user events, the ECOMMERCE domain of Amazon Personalize and the interactions
of Recombee, with spellings that shops use for the same things.
"""

import re
from typing import Final

import pandas as pd

from shortlist.columns import EventType

_NAMES: Final[dict[EventType, str]] = {
    EventType.IMPRESSION: "impression impressions view_item_list item_impression product_impression",
    EventType.VIEW: """view views viewed view_item item_view product_view view_product product_viewed viewed_product
        view_content detail_page_view detail_view detail_views page_view_product product_detail_view""",
    EventType.CLICK: "click clicks clicked select_item item_click product_click click_item",
    EventType.ADD_TO_CART: """add_to_cart added_to_cart add_cart cart cart_addition cart_additions add_to_basket basket
        add_to_bag product_added""",
    EventType.REMOVE_FROM_CART: "remove_from_cart removed_from_cart cart_removal remove_from_basket product_removed",
    EventType.WISHLIST: """wishlist add_to_wishlist added_to_wishlist add_to_list bookmark bookmarks favorite favourite
        add_to_favorites add_to_favourites""",
    EventType.PURCHASE: """purchase purchases purchased purchase_complete buy bought order ordered order_completed
        transaction transactions sale sold complete completed wc_completed paid processing wc_processing shipped
        delivered fulfilled authorized partially_paid partially_refunded""",
    EventType.CANCEL: """cancel cancels cancelled canceled cancellation refund refunds refunded return returns returned
        order_cancelled order_refunded wc_cancelled wc_refunded""",
    EventType.DISLIKE: "dislike dislikes disliked thumbs_down",
}

_ABOUT_NO_ITEM: Final = """page_view session_start session_end first_visit first_open user_engagement scroll search
    view_search_results click_outbound file_download form_start form_submit login sign_up share generate_lead
    view_cart begin_checkout add_payment_info add_shipping_info view_promotion select_promotion select_content
    screen_view app_remove home_page_view category_page_view shopping_cart_page_view checkout_start
    promotion_offered promotion_not_offered remove_from_list page_visit video_start video_progress video_complete"""

_NOT_BOUGHT: Final = """pending wc_pending on_hold wc_on_hold failed wc_failed draft checkout_draft wc_checkout_draft
    pending_payment payment_pending awaiting_payment unpaid voided declined"""
"""States of an order that was not paid, or not yet."""


def squash(name: object) -> str:
    """A name without case and without anything but letters and digits.

    >>> squash("Detail-Page View") == squash("detail_page_view")
    True
    """
    return re.sub(r"[\W_]+", "", str(name)).lower()


EVENT_NAMES: Final = {squash(name): str(kind) for kind, names in _NAMES.items() for name in names.split()}
"""Canonical event type of every squashed name."""

IGNORED_NAMES: Final = frozenset(squash(name) for name in f"{_ABOUT_NO_ITEM} {_NOT_BOUGHT}".split())
"""Squashed names of events that say nothing of one user and one item, and of orders that nobody paid."""


def canonical_event_types(names: pd.Series) -> pd.Series:
    """Canonical types, str; a name that is not understood stays as it is, a missing one stays missing."""
    known = {name: EVENT_NAMES.get(squash(name), name) for name in names.dropna().unique()}
    return names.map(known).astype("str")


def is_ignored(names: pd.Series) -> pd.Series:
    """Which names are of events to pass over, bool."""
    ignored = {name for name in names.dropna().unique() if squash(name) in IGNORED_NAMES}
    return names.isin(ignored)
