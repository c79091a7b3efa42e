"""Which event ids came by before, of more events than a set of texts could hold: eight bytes for each."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

Uint64 = npt.NDArray[np.uint64]


class SeenIds:
    """The ids that were seen, by their hashes.

    Parameters
    ----------
    confirm : callable
        Tells which of some ids were really seen: two may share a hash.
    """

    def __init__(self, confirm: Callable[[pd.Series], pd.Series]) -> None:
        self._confirm = confirm
        self._hashes: list[Uint64] = []

    def add(self, ids: pd.Series) -> None:
        """Take note of ids, none missing."""
        self._hashes.append(np.sort(_hashed(ids)))

    def among(self, ids: pd.Series) -> pd.Series:
        """Whether each id was seen: bool, False where it is missing."""
        found = pd.Series(False, ids.index)
        known = ids.dropna()
        hashes = _hashed(known)
        may_be = np.zeros(len(known), dtype=np.bool_)
        for block in self._hashes:
            place = np.minimum(np.searchsorted(block, hashes), max(len(block) - 1, 0))
            may_be |= (block[place] == hashes) if len(block) else False
        if may_be.any():
            found[known.index[may_be]] = known[may_be].isin(self._confirm(known[may_be]))
        return found


def _hashed(ids: pd.Series) -> Uint64:
    return np.asarray(pd.util.hash_array(ids.to_numpy(dtype=object), categorize=False), dtype=np.uint64)
