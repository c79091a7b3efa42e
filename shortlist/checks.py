"""Whether the arrays of a bundle fit one another: each has its hash, but they may still not belong together."""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist.errors import BundleError
from shortlist.ids import IdMap

Array = npt.NDArray[Any]


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
    if positions.size and not low <= int(positions.min()) <= int(positions.max()) < high:
        raise BundleError(f"{name}: points outside {low} to {high - 1}. Train again.")


def check_offsets(name: str, offsets: Array, n_rows: int, n_values: int) -> None:
    """Demand the offsets of `n_rows` rows over `n_values` values. Raises ``BundleError``."""
    check_shape(name, offsets, n_rows + 1)
    check_range(name, offsets, 0, n_values + 1)
    if offsets[0] != 0 or offsets[-1] != n_values or (np.diff(offsets) < 0).any():
        raise BundleError(f"{name}: not offsets over {n_values} values. Train again.")


def check_ids(name: str, ids: IdMap) -> None:
    """Demand distinct UTF-8 ids in byte order. Costs O(n). Raises ``BundleError``."""
    check_shape(name, ids.offsets, None)
    if not len(ids.offsets):
        raise BundleError(f"{name}: has no offsets. Train again.")
    check_offsets(name, ids.offsets, len(ids), len(ids.text))
    content = ids.text.tobytes()
    texts = [content[start:end] for start, end in zip(ids.offsets[:-1], ids.offsets[1:], strict=True)]
    try:
        content.decode()
        is_ordered = all(one < other for one, other in pairwise(texts))
    except UnicodeDecodeError as error:
        raise BundleError(f"{name}: not UTF-8. Train again.") from error
    if not is_ordered:
        raise BundleError(f"{name}: its ids are not distinct and in order. Train again.")
