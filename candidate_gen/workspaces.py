"""Workspaces of kernels: arrays of an entry for each item, kept by each thread from one request to the next."""

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

_kept = threading.local()


def workspace(name: str, *shape: int, dtype: type) -> npt.NDArray[Any]:
    """The array of a name in this thread, made anew, of zeros, where the shape is another.

    Whoever changes it leaves it as its own users expect to find it: of zeros, where they say so.
    """
    array: npt.NDArray[Any] | None = getattr(_kept, name, None)
    if array is None or array.shape != shape:
        array = np.zeros(shape, dtype=dtype)
        setattr(_kept, name, array)
    return array
