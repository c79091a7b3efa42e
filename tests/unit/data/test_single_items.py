"""Items that come one by one."""

import pytest

from data.reasons import Reason
from data.settings import DataConfig
from data.single_items import check_items


@pytest.mark.parametrize(
    ("record", "content"),
    [
        ({"item_id": "a", "price": 3, "availability": "in stock"}, {"price": 3.0, "availability": "in stock"}),
        ({"sku": "a", "in_stock": False}, {"availability": "out of stock"}),
        ({"id": "a", "availability": "discontinued"}, {"availability": "discontinued"}),
        ({"item_id": "a", "price": "1.234", "colour": "red"}, {"price": 1.234}),
        ({"item_id": "a", "title": "Tea", "tags": ["x", "y"]}, {"title": "Tea", "tags": "x|y"}),
        ({"item_id": " a ", "price": 0, "title": None, "brand": ""}, {"price": 0.0}),
        ({"item_id": "a", "created_at": 1_700_000_000}, {"created_at": "2023-11-14T22:13:20+00:00"}),
    ],
)
def test_what_is_given_is_kept(record: dict[str, object], content: dict[str, object]) -> None:
    """Under canonical names; what is not given is not there, so that it stays."""
    assert check_items([record], DataConfig()).items == {"a": content}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (3, Reason.MALFORMED_ROW),
        ({"price": 3}, Reason.MISSING_ITEM_ID),
        ({"item_id": "x" * 300}, Reason.ID_TOO_LONG),
        ({"item_id": "a\nb"}, Reason.BAD_ID),
        ({"item_id": "a", "price": "cheap"}, Reason.BAD_PRICE),
        ({"item_id": "a", "price": -1}, Reason.BAD_PRICE),
        ({"item_id": "a", "availability": "perhaps"}, Reason.BAD_AVAILABILITY),
        ({"item_id": "a", "created_at": "soon"}, Reason.BAD_TIMESTAMP),
    ],
)
def test_what_is_wrong_is_named(record: object, reason: Reason) -> None:
    """Nothing of such a record is kept, and its neighbours are not touched by it."""
    checked = check_items([{"item_id": "good", "price": 1}, record], DataConfig())
    assert (checked.refused, list(checked.items)) == ({1: reason}, ["good"])


def test_the_last_of_several_counts() -> None:
    """As in a file."""
    assert check_items([{"item_id": "a", "price": 1}, {"item_id": "a", "price": 2}], DataConfig()).items["a"] == {
        "price": 2.0
    }


def test_a_variant_of_what_is_not_there_stands_alone() -> None:
    """Nothing is inherited, and nothing else goes wrong."""
    assert check_items([{"item_id": "a", "group_id": "b"}, {}], DataConfig()).items == {"a": {"group_id": "b"}}
