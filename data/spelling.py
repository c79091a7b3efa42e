"""Ids that a spreadsheet or a data frame spelt another way, read as what they mean where that is sure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from data.parsing import to_text
from shortlist.ids import WHOLE_NUMBER, without_point

_DECIMAL: Final = r"\d+\.\d+"
_POWER: Final = r"\d(?:\.\d+)?[eE]\+?\d+"
_WHOLE_POWER: Final = r"\d\.0[eE]\+?0*(?:\d|1[0-5])"
"""A float below 10^15 whose one digit before the power is the whole of it."""

_NUMBER: Final = r"\d+(?:\.0+)?|" + _WHOLE_POWER


@dataclass(frozen=True, slots=True)
class Spelling:
    """A column of ids.

    Attributes
    ----------
    ids : Series of str
        Trimmed, missing where blank.
    respelt : int
        Rows whose id was read as another text than it is written, such as `example`.
    lost : int
        Rows whose id is a number of which digits are lost, such as `lost_example`.
    """

    ids: pd.Series
    respelt: int = 0
    example: tuple[str, str] = ("", "")
    lost: int = 0
    lost_example: str = ""

    def warnings(self, table: str, column: str) -> list[str]:
        """What to tell the owner of the data."""
        found = []
        if self.respelt:
            written, read = self.example
            found.append(f"{table}: {self.respelt:,} rows have a {column} such as {written}; it is read as {read}.")
        if self.lost:
            found.append(
                f"{table}: {self.lost:,} rows have a {column} such as {self.lost_example}, of which digits are lost. "
                "Export the column as text."
            )
        return found


def read_ids(values: pd.Series) -> Spelling:
    """Read a column of ids.

    ``73.0`` is 73 where every id with a decimal point ends in ``.0``: so a data frame writes whole numbers with gaps.
    ``1.0e5`` is 100000 where all other ids are numbers. Leading zeros stay.
    """
    text = to_text(values)
    pointed = text.str.contains(r"[.eE]", regex=True).fillna(value=False).astype(bool)
    if not pointed.any():
        return Spelling(text)
    candidates = text[pointed]
    whole = candidates.str.fullmatch(WHOLE_NUMBER).astype(bool)
    powers = candidates.str.fullmatch(_POWER).astype(bool)
    if (candidates.str.fullmatch(_DECIMAL).astype(bool) & ~whole).any():
        whole[:] = False
    numbers = candidates.str.fullmatch(_WHOLE_POWER).astype(bool)
    if not (numbers.any() and text.dropna().str.fullmatch(_NUMBER).all()):
        numbers[:] = False
    ids = text.copy()
    ids[whole[whole].index] = candidates[whole].map(without_point)
    ids[numbers[numbers].index] = [str(int(float(one))) for one in candidates[numbers]]
    changed = np.flatnonzero((ids != text).to_numpy(dtype=bool) & text.notna().to_numpy(dtype=bool))
    lost = candidates[powers & ~numbers & candidates.str.contains("+", regex=False)]
    return Spelling(
        ids,
        len(changed),
        (str(text.iloc[changed[0]]), str(ids.iloc[changed[0]])) if len(changed) else ("", ""),
        len(lost),
        str(lost.iloc[0]) if len(lost) else "",
    )
