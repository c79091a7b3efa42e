"""Workspaces of kernels: arrays of an entry for each item, kept by each thread from one request to the next."""

import threading
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_thread = threading.local()


MAX_KEPT: Final = 24
"""By each thread: enough for the bundles of several experiments, so that each keeps its own."""


def workspace(name: str, *shape: int, dtype: type) -> npt.NDArray[Any]:
    """The array of a name and shape in this thread; of zeros when it is made.

    Whoever changes it leaves it as its own users expect to find it: of zeros, where they say so.
    """
    kept: dict[tuple[object, ...], npt.NDArray[Any]] | None = getattr(_thread, "kept", None)
    if kept is None:
        kept = _thread.kept = {}
    array = kept.get((name, shape))
    if array is None:
        if len(kept) >= MAX_KEPT:
            kept.clear()
        array = kept[name, shape] = np.zeros(shape, dtype=dtype)
    return array
