"""Whether the arrays of a bundle fit one another: each has its hash, but they may still not belong together."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shortlist.errors import BundleError
from shortlist.ids import IdMap

Array = npt.NDArray[Any]

IDS_AT_ONCE: Final = 500_000
_IS_CHECKED: ContextVar[bool] = ContextVar("_IS_CHECKED", default=False)


@contextmanager
def checked_before(*, is_so: bool) -> Iterator[None]:
    """In the block, leave out the checks that read whole arrays if they were passed before, by the same bytes."""
    token = _IS_CHECKED.set(is_so)
    try:
        yield
    finally:
        _IS_CHECKED.reset(token)


def is_checked() -> bool:
    """Whether checks that read whole arrays are left out."""
    return _IS_CHECKED.get()


def check_shape(name: str, array: Array, *shape: int | None) -> None:
    """Demand a shape, None standing for any length. Raises ``BundleError``."""
    fits = array.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    if not fits:
        wanted = " x ".join("any" if length is None else str(length) for length in shape)
        raise BundleError(f"{name}: has the shape {array.shape}, not {wanted}. Train again.")


def check_range(name: str, positions: Array, low: int, high: int) -> None:
    """Demand integers in ``[low, high)``. Raises ``BundleError``."""
    if positions.dtype.kind not in "iu":
        raise BundleError(f"{name}: holds {positions.dtype}, not integers. Train again.")
    if is_checked():
        return
    if positions.size and not low <= int(positions.min()) <= int(positions.max()) < high:
        raise BundleError(f"{name}: points outside {low} to {high - 1}. Train again.")


def check_offsets(name: str, offsets: Array, n_rows: int, n_values: int) -> None:
    """Demand the offsets of `n_rows` rows over `n_values` values. Raises ``BundleError``."""
    check_shape(name, offsets, n_rows + 1)
    check_range(name, offsets, 0, n_values + 1)
    if is_checked():
        return
    if offsets[0] != 0 or offsets[-1] != n_values or (np.diff(offsets) < 0).any():
        raise BundleError(f"{name}: not offsets over {n_values} values. Train again.")


def check_ids(name: str, ids: IdMap) -> None:
    """Demand distinct UTF-8 ids in byte order. Costs O(n), a block at a time. Raises ``BundleError``."""
    check_shape(name, ids.offsets, None)
    if not len(ids.offsets):
        raise BundleError(f"{name}: has no offsets. Train again.")
    check_offsets(name, ids.offsets, len(ids), len(ids.text))
    if is_checked():
        return
    for first in range(0, len(ids), IDS_AT_ONCE):
        offsets = ids.offsets[first : first + IDS_AT_ONCE + 2]  # one id of the next block, too
        if not _are_texts(ids.text, offsets):
            raise BundleError(f"{name}: not UTF-8. Train again.")
        if not are_rising(ids.text, offsets):
            raise BundleError(f"{name}: its ids are not distinct and in order. Train again.")


def _are_texts(text: Array, offsets: Array) -> bool:
    """Whether each id is UTF-8 by itself: all together are, and none begins within a character."""
    try:
        text[offsets[0] : offsets[-1]].tobytes().decode()
    except UnicodeDecodeError:
        return False
    starts = offsets[:-1][np.diff(offsets) > 0]
    return not bool(((text[starts] & 0xC0) == 0x80).any())


def are_rising(text: Array, offsets: Array) -> bool:
    """Whether each id comes before the next in byte order: those that are alike so far are compared byte by byte."""
    start, length = offsets[:-1], np.diff(offsets)
    alike, depth = np.arange(len(start) - 1), 0
    while len(alike):
        if (length[alike + 1] <= depth).any():
            return False
        alike = alike[length[alike] > depth]
        one, other = text[start[alike] + depth], text[start[alike + 1] + depth]
        if (one > other).any():
            return False
        alike, depth = alike[one == other], depth + 1
    return True
