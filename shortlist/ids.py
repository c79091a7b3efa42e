"""The one owner of ids: external strings on one side, dense int32 positions on the other."""

import re
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

MISSING = -1

LOOKED_FOR_EACH = 20
"""As many ids of a map are put into a hash table in the time in which one is found in it without."""


WHOLE_NUMBER = r"\d+\.0+"
"""A whole number as a data frame writes it in a column with gaps: ``73.0``."""


def without_point(written: str) -> str:
    """A whole number without its decimal point, any other text as it is.

    >>> without_point("0073.0"), without_point("73.5")
    ('0073', '73.5')
    """
    return written.partition(".")[0] if re.fullmatch(WHOLE_NUMBER, written) else written


class IdMap:
    """A fixed set of external ids, each with its position in byte order.

    The ids lie behind one another in one UTF-8 array with an offset array beside it, so that a map of ten million
    ids can be memory-mapped and shared between processes. A look-up is a binary search: O(log n), no table to build.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,)
        All ids in byte order, one behind the other.
    offsets : ndarray of int64, shape (n_ids + 1,)
        Where each id begins; the last entry is ``n_bytes``.

    Examples
    --------
    >>> ids = IdMap.from_ids(["tea", "milk", "tea"])
    >>> len(ids), ids.position("tea"), ids.position("jam"), ids.external(0)
    (2, 1, -1, 'milk')
    """

    __slots__ = ("_bytes", "_index", "_starts", "offsets", "text")

    def __init__(self, text: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> None:
        self.text = text
        self.offsets = offsets
        self._bytes, self._starts = text.data, offsets.data  # quicker than ndarrays for one at a time
        self._index: pd.Index[Any] | None = None

    @classmethod
    def from_ids(cls, ids: Iterable[str]) -> Self:
        """Build a map of the distinct ids given, in any order."""
        encoded = sorted({external.encode() for external in ids})
        lengths = np.fromiter((len(one) for one in encoded), dtype=np.int64, count=len(encoded))
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def external(self, position: int) -> str:
        """The id at a position. Raises ``IndexError`` outside ``[0, len)``."""
        return self._bytes_at(position).decode()

    def externals(self, positions: npt.NDArray[np.integer]) -> list[str]:
        """The ids at many positions."""
        return [self._bytes_at(int(position)).decode() for position in positions]

    def position(self, external: str) -> int:
        """The position of one id, ``MISSING`` when it is unknown."""
        wanted = external.encode("utf-8", "surrogatepass")
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes_at(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._bytes_at(low) == wanted else MISSING

    def find(self, written: str) -> int:
        """The position of the id that a single text stands for, ``MISSING`` when it is unknown.

        Imports read their columns alike: ids are trimmed, and ``73.0`` is 73 unless an id is written so.
        """
        trimmed = written.strip()
        position = self.position(trimmed)
        return position if position != MISSING else self.position(without_point(trimmed))

    def positions(self, externals: Iterable[str]) -> npt.NDArray[np.int32]:
        """The positions of many ids, int32, ``MISSING`` where unknown.

        Few are looked for one by one; for many a hash table of the whole map is built, and kept.
        """
        wanted = list(externals)
        if self._index is None and len(wanted) * LOOKED_FOR_EACH < len(self):
            return np.array([self.position(one) for one in wanted], dtype=np.int32)
        if self._index is None:
            self._index = pd.Index(self.externals(np.arange(len(self))), dtype="object")
        return np.asarray(self._index.get_indexer(pd.Index(wanted, dtype="object")), dtype=np.int32)

    def subset(self, positions: npt.NDArray[np.integer]) -> Self:
        """A map of the ids at some ascending positions."""
        lengths = np.diff(self.offsets)[positions]
        offsets = np.zeros(len(positions) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        shift = self.offsets[:-1][positions] - offsets[:-1]
        return type(self)(self.text[np.arange(offsets[-1]) + np.repeat(shift, lengths)], offsets)

    def _bytes_at(self, position: int) -> bytes:
        if not 0 <= position < len(self):
            raise IndexError(position)
        return bytes(self._bytes[self._starts[position] : self._starts[position + 1]])
