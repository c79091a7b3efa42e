"""States of items over a bundle's catalogue."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from data import item_states
from data.catalog_arrays import build_attributes
from data.item_states import with_states
from shortlist.ids import IdMap


@pytest.mark.parametrize("few", [0, 1_000])
def test_what_is_named_changes_and_nothing_else(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked up one by one or together; unknown items are passed over, and the catalogue before stays as it was."""
    monkeypatch.setattr(item_states, "_FEW", few)
    items = IdMap.from_ids(["a", "b", "c", "d"])
    catalog = pd.DataFrame({"item_id": ["a", "b", "c"], "price": [1.0, 2.0, 3.0], "title": ["A", "B", "C"]})
    before = build_attributes(catalog, items)
    states = {
        "a": {"price": 9.0, "title": "not yet"},
        "b": {"availability": "discontinued"},
        "c": {"availability": "out of stock"},
        "d": {"availability": "in stock"},
        "elsewhere": {"price": 1.0},
    }
    after = with_states(before, items, states)
    assert after.price.tolist() == [9.0, 2.0, 3.0, 0.0]
    assert after.available.tolist() == [True, False, False, True]
    assert after.discontinued.tolist() == [False, True, False, False]
    assert before.price.tolist() == [1.0, 2.0, 3.0, 0.0]
    assert before.available.all()
    same = {one.name for one in fields(before)} - {"price", "available", "discontinued"}
    assert all(getattr(after, name) is getattr(before, name) for name in same)
    back = with_states(after, items, {"b": {"availability": "in stock"}})
    assert not back.discontinued.any()
    assert np.array_equal(back.price, after.price)
