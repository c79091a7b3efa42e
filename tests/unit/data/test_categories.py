"""Category cells in the dialects of catalogues."""

import pandas as pd
import pytest

from data.categories import read_categories


def paths(*cells: object) -> list[object]:
    found = read_categories(pd.Series(list(cells), dtype="object")).paths
    return [None if pd.isna(path) else path for path in found]


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        ("Food > Tea", "Food > Tea"),
        ("Food>Tea", "Food > Tea"),
        ("Food | Tea|Green", "Food > Tea > Green"),
        ("Food & Drink", "Food & Drink"),
        ("Fruit, Veg > Herbs", "Fruit, Veg > Herbs"),
        ("Food &amp; Drink &gt; Tea", "Food & Drink > Tea"),
        ("Home > Kitchen, Home > Gifts", "Home > Kitchen"),
        (["Food > Tea", "Gifts > Tea"], "Food > Tea"),
        (["Fruit, Veg > Tea", "Gifts > Tea"], "Fruit, Veg > Tea"),
        (["Food", "Tea"], "Food > Tea"),
        ([], None),
        (" ", None),
        (" > ", None),
        (None, None),
    ],
)
def test_one_cell(cell: object, path: str | None) -> None:
    assert paths(cell) == [path]


def test_a_column_that_escapes_commas_separates_by_them() -> None:
    """Where one cell escapes a comma, a bare one in any other parts two categories."""
    assert paths(r"Fruit\, Veg & Herbs > Herbs", "Sale, Gifts") == ["Fruit, Veg & Herbs > Herbs", "Sale"]
    assert paths("Fruit, Veg", "Sale, Gifts") == ["Fruit, Veg", "Sale, Gifts"]


def test_slashes_part_levels_where_most_cells_have_them() -> None:
    assert paths("Food/Tea/Green", "Food/Coffee", "Home/Pots", "Home/ Pans") == [
        *("Food > Tea > Green", "Food > Coffee"),
        *("Home > Pots", "Home > Pans"),
    ]
    assert paths("Shirts/Tops", "Food", "Home") == ["Shirts/Tops", "Food", "Home"]
    assert paths("A/B > C", "A/B > D") == ["A/B > C", "A/B > D"]


def test_several_categories_are_told() -> None:
    found = read_categories(pd.Series(["A > B, A > C", "A > B", "A > B, A > C"], dtype="str"))
    assert found.warning("x.csv") == "x.csv: 2 items are in several categories, such as A > B, A > C; the first counts."
    assert read_categories(pd.Series(["A > B"], dtype="str")).warning("x.csv") == ""
