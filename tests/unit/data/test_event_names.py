import pandas as pd
import pytest

from data.event_names import EVENT_NAMES, canonical_event_types, is_ignored, squash
from shortlist.columns import EventType


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("view_item", "view"),
        ("View", "view"),
        ("detail-page-view", "view"),
        ("Detail View", "view"),
        ("addtocart", "add_to_cart"),
        ("AddToCart", "add_to_cart"),
        ("add-to-cart", "add_to_cart"),
        ("cart addition", "add_to_cart"),
        ("remove_from_cart", "remove_from_cart"),
        ("add_to_wishlist", "wishlist"),
        ("bookmark", "wishlist"),
        ("view_item_list", "impression"),
        ("select_item", "click"),
        ("transaction", "purchase"),
        ("purchase-complete", "purchase"),
        ("refund", "cancel"),
        ("dislike", "dislike"),
        ("wc-completed", "purchase"),
        ("Complete", "purchase"),
        ("refunded", "cancel"),
        ("frobnicate", "frobnicate"),
    ],
)
def test_names_of_vendors(name, expected):
    """A vendor's name becomes the canonical type; one that is not understood stays to be reported."""
    assert canonical_event_types(pd.Series([name], dtype="str")).tolist() == [expected]


def test_every_canonical_type_names_itself():
    """Canonical types are their own aliases."""
    assert all(EVENT_NAMES[squash(kind)] == kind for kind in EventType)


def test_events_about_no_item():
    """Searches and home pages are known and ignored; a missing or unknown name is not."""
    names = pd.Series(["home-page-view", "Search", "purchase", "frobnicate", None], dtype="str")
    assert is_ignored(names).tolist() == [True, True, False, False, False]
