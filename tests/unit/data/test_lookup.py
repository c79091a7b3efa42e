"""Ids looked up in another column."""

import pandas as pd

from data.lookup import is_among


def test_an_id_is_among_the_known_ones_and_a_missing_one_is_not() -> None:
    ids = pd.Series(["a", None, "b", "ä"], index=[5, 7, 9, 11], dtype="str")
    found = is_among(ids, pd.Series(["ä", "a", None], dtype="str"))
    assert found.to_dict() == {5: True, 7: False, 9: False, 11: True}
    assert found.dtype == bool


def test_nothing_is_among_nothing() -> None:
    assert is_among(pd.Series([], dtype="str"), pd.Series(["a"], dtype="str")).empty
    assert not is_among(pd.Series(["a"], dtype="str"), pd.Series([], dtype="str")).any()
