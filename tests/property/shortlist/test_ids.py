"""Id maps, over all texts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shortlist.ids import MISSING, IdMap

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(TEXT), st.lists(TEXT))
def test_one_look_up_and_many_agree(known: list[str], asked: list[str]) -> None:
    """`position` and `positions` give the same, and lead back to the id where it is known."""
    ids = IdMap.from_ids(known)
    asked = asked + known
    one_by_one = [ids.position(one) for one in asked]
    assert ids.positions(asked).tolist() == one_by_one
    for external, position in zip(asked, one_by_one, strict=True):
        assert (position == MISSING) == (external not in known)
        assert position == MISSING or ids.external(position) == external


@given(st.lists(TEXT))
def test_positions_are_dense_and_in_byte_order(known: list[str]) -> None:
    """Distinct ids have the positions from 0 on, in the order of their bytes."""
    ids = IdMap.from_ids(known)
    assert ids.externals(np.arange(len(ids))) == sorted(set(known), key=str.encode)


@given(st.lists(TEXT), st.text(max_size=4))
def test_any_string_can_be_asked_for(known: list[str], asked: str) -> None:
    """No string makes a single look-up fail, surrogates included."""
    assert (IdMap.from_ids(known).position(asked) != MISSING) == (asked in known)
