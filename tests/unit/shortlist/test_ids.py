"""Id maps."""

import numpy as np
import pytest

from shortlist.ids import MISSING, IdMap

UNICODE_IDS = ["naïve", "naive", "", "鍵", "🛒", "Ä", "a\x00b", " a ", "z"]


def test_positions_follow_byte_order() -> None:
    """The order of ids is that of their UTF-8 bytes, whatever order they come in."""
    ids = IdMap.from_ids(UNICODE_IDS)
    assert ids.externals(np.arange(len(ids))) == sorted(UNICODE_IDS, key=str.encode)
    assert ids.externals(np.arange(len(ids))) == IdMap.from_ids(reversed(UNICODE_IDS)).externals(np.arange(len(ids)))


def test_every_id_is_found_both_ways() -> None:
    """Unicode, the empty string and a NUL lead to a position and back."""
    ids = IdMap.from_ids(UNICODE_IDS)
    assert [ids.external(ids.position(one)) for one in UNICODE_IDS] == UNICODE_IDS
    assert ids.positions(UNICODE_IDS).tolist() == [ids.position(one) for one in UNICODE_IDS]
    assert ids.positions(UNICODE_IDS).dtype == np.int32


def test_no_normalisation() -> None:
    """Two spellings of one letter are two ids."""
    ids = IdMap.from_ids(["\u00e9", "e\u0301"])
    assert len(ids) == 2
    assert ids.position("\u00e9") != ids.position("e\u0301")


def test_empty_map() -> None:
    """A map of nothing knows nothing."""
    ids = IdMap.from_ids([])
    assert (len(ids), ids.position("tea"), ids.position("")) == (0, MISSING, MISSING)
    assert ids.positions(["tea"]).tolist() == [MISSING]
    assert ids.positions([]).shape == (0,)


@pytest.mark.parametrize("position", [-1, 2, 10**9])
def test_outside_positions_are_refused(position: int) -> None:
    """A position that no id has is an `IndexError`, the one for missing included."""
    with pytest.raises(IndexError):
        IdMap.from_ids(["a", "b"]).external(position)


def test_lone_surrogate_is_unknown_one_by_one() -> None:
    """A string that is no Unicode text is simply not in the map."""
    assert IdMap.from_ids(["a", "b"]).position("\ud800") == MISSING


def test_lone_surrogate_is_unknown_among_many() -> None:
    """Looking up many ids agrees with looking up one also for a string that is no Unicode text."""
    assert IdMap.from_ids(["a", "b"]).positions(["b", "\ud800"]).tolist() == [1, MISSING]


def test_an_id_is_found_as_it_is_written() -> None:
    """Blanks around an id do not matter, and a whole number may have a decimal point, unless an id is written so."""
    ids = IdMap.from_ids(["73", "74", "74.0", "1.5", "x.0"])
    found = [ids.find(written) for written in (" 73", "73.0", "73.00", "74.0", "1.50", "x", "", "75.0")]
    assert [ids.external(one) if one != MISSING else None for one in found] == [
        *("73", "73", "73", "74.0"),
        *(None, None, None, None),
    ]


def test_few_ids_are_found_as_many_are() -> None:
    """One by one, or by a table of the whole map."""
    names = [f"user {number}" for number in range(1_000)]
    wanted = ["user 7", "nobody", "user 999", ""]
    few, many = IdMap.from_ids(names), IdMap.from_ids(names)
    many.positions(names)
    assert few.positions(wanted).tolist() == many.positions(wanted).tolist()
    assert few.positions(wanted).dtype == np.int32
