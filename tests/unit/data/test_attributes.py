"""The catalogue as arrays."""

import numpy as np
import pandas as pd
import pytest

from data.attributes import ItemAttributes
from data.catalog_arrays import build_attributes
from shortlist.ids import MISSING, IdMap

CATALOG = pd.DataFrame(
    {
        "item_id": ["a", "b", "c", "d", "f"],
        "category": ["Food > Fruit > Apples", "Food", "Home", None, "Food > Fruit"],
        "brand": ["y", "x", None, "x", "y"],
        "price": [1.5, None, 0.0, 4.0, 5.0],
        "availability": [True, False, True, False, True],
    }
).astype({"item_id": "str", "category": "str", "brand": "str"})
ITEMS = IdMap.from_ids(["a", "b", "c", "d", "e", "f"])


@pytest.fixture
def attributes() -> ItemAttributes:
    """Five items of a catalogue, and e, which it does not know."""
    return build_attributes(CATALOG, ITEMS)


def path(attributes: ItemAttributes, code: int) -> str | None:
    """A category's path."""
    return None if code == MISSING else attributes.categories.external(int(code))


def test_values_stand_at_item_positions(attributes: ItemAttributes) -> None:
    """Prices, stock, brands and categories are aligned with positions; what is unknown has its stated value."""
    assert attributes.price.tolist() == [1.5, 0, 0, 4, 0, 5]
    assert attributes.available.tolist() == [True, False, True, False, True, True]
    assert attributes.brand.tolist() == [1, 0, MISSING, 0, MISSING, 1]
    wanted = ["Food > Fruit > Apples", "Food", "Home", None, None, "Food > Fruit"]
    assert [path(attributes, code) for code in attributes.category] == wanted
    kinds = (attributes.price.dtype, attributes.available.dtype, attributes.brand.dtype, attributes.category.dtype)
    assert kinds == (np.float32, np.bool_, np.int32, np.int32)


def test_every_prefix_is_a_category(attributes: ItemAttributes) -> None:
    """Each level of a path is a category, below the level above it."""
    names = attributes.categories.externals(np.arange(len(attributes.categories)))
    assert names == ["Food", "Food > Fruit", "Food > Fruit > Apples", "Home"]
    assert [path(attributes, code) for code in attributes.parent] == [None, "Food", "Food > Fruit", None]


def test_top_category(attributes: ItemAttributes) -> None:
    """An item's top category is the first level of its path, at any depth."""
    wanted = ["Food", "Food", "Home", None, None, "Food"]
    assert [path(attributes, code) for code in attributes.top_category()] == wanted


@pytest.mark.parametrize(
    ("category", "items"),
    [
        ("Food", "abf"),
        ("Food > Fruit", "af"),
        ("Food > Fruit > Apples", "a"),
        ("Home", "c"),
        ("Fruit", ""),
        ("Foo", ""),
        ("food", ""),
        ("", ""),
        ("Food > ", ""),
    ],
)
def test_category_holds_what_is_below_it(attributes: ItemAttributes, category: str, items: str) -> None:
    """A category holds its own items and those of all levels below; an unknown one holds none."""
    inside = attributes.in_category(category)
    assert "".join(np.array(list("abcdef"))[inside]) == items


def test_missing_columns_and_rows() -> None:
    """A catalogue of ids alone, or of nothing, leaves everything unknown and in stock."""
    for catalog in (CATALOG[["item_id"]], CATALOG[:0], CATALOG[["item_id"]][:0]):
        found = build_attributes(catalog, ITEMS)
        assert len(found.categories) == 0
        assert found.available.all()
        assert set(found.category) == set(found.brand) == {MISSING}
        assert not found.price.any()
        assert (found.top_category() == MISSING).all()
        assert not found.in_category("Food").any()


def test_last_row_of_an_item_counts() -> None:
    """Of two rows with one id the later one holds."""
    twice = pd.concat([CATALOG, pd.DataFrame({"item_id": ["a"], "price": [9.0], "availability": [False]})])
    found = build_attributes(twice.astype({"item_id": "str"}), ITEMS)
    assert (found.price[0], found.available[0], found.category[0]) == (9, False, MISSING)


@pytest.mark.parametrize("value", [None, np.nan])
def test_unset_availability_is_in_stock(value: object) -> None:
    """An item whose availability nobody set is in stock; one that is out of it stays so."""
    column = pd.Series([value, False, True, 0, 1], dtype="object")
    found = build_attributes(CATALOG.assign(availability=column), ITEMS)
    assert found.available.tolist() == [True, False, True, False, True, True]


def test_no_item_at_all() -> None:
    """Without items there are empty arrays."""
    found = build_attributes(CATALOG, IdMap.from_ids([]))
    assert found.price.shape == found.available.shape == found.top_category().shape == (0,)
