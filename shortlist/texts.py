"""A column of texts as two arrays, so that it can be memory-mapped and shared between processes."""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import numpy.typing as npt


class Texts:
    """Texts by position, behind one another in one UTF-8 array with an offset array beside it; an empty one is missing.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,)
    offsets : ndarray of int64, shape (n_texts + 1,)
        Where each text begins; the last entry is ``n_bytes``.

    Examples
    --------
    >>> titles = Texts.of(["Tea", None, "Café"])
    >>> titles.at(0), titles.at(1), titles.at(2), len(titles)
    ('Tea', None, 'Café', 3)
    """

    __slots__ = ("offsets", "text")

    def __init__(self, text: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> None:
        self.text = text
        self.offsets = offsets

    @classmethod
    def of(cls, texts: Iterable[Any]) -> Self:
        """Take texts in their order; what is no text is missing."""
        encoded = [one.encode("utf-8", "replace") if isinstance(one, str) else b"" for one in texts]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    @classmethod
    def missing(cls, n: int) -> Self:
        """Texts none of which is there."""
        return cls(np.zeros(0, dtype=np.uint8), np.zeros(n + 1, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def at(self, position: int) -> str | None:
        """One text, None where it is missing or the position is negative."""
        if position < 0:
            return None
        text = self.text[self.offsets[position] : self.offsets[position + 1]].tobytes()
        return text.decode("utf-8", "replace") or None
