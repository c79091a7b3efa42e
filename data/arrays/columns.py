"""A column of numbers that grows: in memory, or as a NumPy file that is mapped when it is whole."""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class GrowingColumn:
    """Numbers of one dtype, appended block by block.

    Parameters
    ----------
    dtype : dtype
    path : Path, optional
        The ``.npy`` file; without one the blocks stay in memory.
    """

    def __init__(self, dtype: npt.DTypeLike, path: Path | None = None) -> None:
        self.dtype = np.dtype(dtype)
        self._path = path
        self._blocks: list[Array] = []
        self._file: BinaryIO | None = None
        self._n = 0
        if path is not None:
            self._file = path.open("w+b")
            self._write_header(self._file)

    def append(self, block: Array) -> None:
        """Add numbers at the end."""
        block = np.ascontiguousarray(block, dtype=self.dtype)
        self._n += len(block)
        if self._file is None:
            self._blocks.append(block)
        else:
            block.tofile(self._file)

    def whole(self) -> Array:
        """All of it, which ends the appending; a file's is mapped, and may be written to."""
        if self._file is None or self._path is None:
            return np.concatenate([np.zeros(0, self.dtype), *self._blocks])
        self._file.seek(0)
        self._write_header(self._file)  # of the same length: NumPy leaves room for the shape to grow
        self._file.close()
        if not self._n:
            return np.zeros(0, self.dtype)
        mapped: Array = np.load(self._path, mmap_mode="r+", allow_pickle=False)
        return mapped.view(np.ndarray)

    def close(self) -> None:
        """Let go of the file, whole or not."""
        if self._file is not None:
            self._file.close()

    def _write_header(self, file: BinaryIO) -> None:
        facts = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (self._n,)}
        np.lib.format.write_array_header_1_0(file, facts)
