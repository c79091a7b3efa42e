"""Whether ids are distinct texts in byte order, compared with what Python says of them one by one."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist import checks
from shortlist.checks import check_ids, check_offsets, check_range, checked_before
from shortlist.errors import BundleError
from shortlist.ids import IdMap


def id_map(ids: list[bytes]) -> IdMap:
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in ids])]).astype(np.int64)
    return IdMap(np.frombuffer(b"".join(ids), dtype=np.uint8), offsets)


def is_sound(ids: list[bytes]) -> bool:
    try:
        check_ids("users", id_map(ids))
    except BundleError:
        return False
    return True


few_letters = st.lists(st.text(alphabet="abé\x00", max_size=4).map(str.encode), max_size=12)


@given(few_letters, st.booleans(), st.integers(1, 5))
def test_ids_are_sound_when_they_rise(ids: list[bytes], is_sorted: bool, at_once: int) -> None:
    ids = sorted(set(ids)) if is_sorted else ids
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "IDS_AT_ONCE", at_once)
        assert is_sound(ids) == all(one < other for one, other in pairwise(ids))


@pytest.mark.parametrize("ids", [[b"\xff"], [b"a", b"b\xc3"], [b"\xc3", b"\xa9"], [b"a\xc3", b"\xa9b"]])
def test_each_id_is_text_by_itself(ids: list[bytes]) -> None:
    assert not is_sound(ids)


def test_what_was_checked_before_is_not_read_again_and_still_has_its_shape() -> None:
    wrong = np.array([5, 4], dtype=np.int64)
    with checked_before(is_so=True):
        check_range("items", wrong, 0, 3)
        check_offsets("rows", wrong, 1, 4)
        with pytest.raises(BundleError, match="shape"):
            check_offsets("rows", wrong, 2, 4)
    with pytest.raises(BundleError, match="outside 0 to 2"):
        check_range("items", wrong, 0, 3)
