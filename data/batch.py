"""The rows of one import of one kind, from all its files, with what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.reasons import Reason
from data.sources import RawTable
from data.validation import GOOD, ORDER
from shortlist.columns import REASON

ROW: Final = "row"
FILE: Final = "file"
TABLE: Final = "table"
_MALFORMED_TEXT: Final = "malformed_row"
_MAX_EXAMPLE_LENGTH: Final = 60


class Counted(Protocol):
    """The rows of one kind that went by, and what became of them: of a `Batch`, or of many one after the other."""

    kind: str

    @property
    def n_rows(self) -> int:
        """Rows read."""

    @property
    def n_accepted(self) -> int:
        """Rows that nothing is wrong with."""

    @property
    def files(self) -> Sequence[str]:
        """The files that they come from, as they were named."""

    def counts(self) -> dict[str, int]:
        """Rows set aside by reason."""

    def n_bad(self) -> int:
        """Rows that break the contract."""

    def examples(self) -> list[dict[str, Any]]:
        """The first row of each reason."""

    def rejects(self) -> pd.DataFrame:
        """The rows set aside."""


@dataclass(slots=True)
class Batch:
    """Canonical rows and a code for each; every row read is in here, malformed lines included.

    Attributes
    ----------
    kind : str
        ``events``, ``items`` or ``users``.
    raws : sequence of RawTable
        The files; their rows stand one behind the other in `rows`.
    rows : DataFrame, shape (n_rows, n_columns)
        Canonical, labels from 0.
    is_malformed : ndarray of bool, shape (n_rows,)
    codes : ndarray of int8, shape (n_rows,)
        Position of the row's reason in `data.validation.ORDER`, or ``GOOD``.
    """

    kind: str
    raws: Sequence[RawTable]
    rows: pd.DataFrame
    is_malformed: npt.NDArray[np.bool_]
    codes: npt.NDArray[np.int8]

    @property
    def accepted(self) -> pd.DataFrame:
        """The rows that nothing is wrong with, under their labels in `rows`."""
        good: pd.DataFrame = self.rows[self.codes == GOOD]
        return good

    @property
    def n_rows(self) -> int:
        """Rows read."""
        return len(self.rows)

    @property
    def files(self) -> list[str]:
        """The files that they come from, as they were named."""
        return list(dict.fromkeys(raw.name for raw in self.raws))

    @property
    def n_accepted(self) -> int:
        """Rows that nothing is wrong with."""
        return int((self.codes == GOOD).sum())

    def quarantine(self, labels: npt.ArrayLike, reason: Reason) -> None:
        """Set rows aside for a reason; rows that have one keep theirs."""
        positions = np.asarray(labels, dtype=np.int64)
        self.codes[positions] = np.minimum(self.codes[positions], ORDER.index(reason))

    def counts(self) -> dict[str, int]:
        """Rows set aside by reason, in the order of reasons; only reasons that occur."""
        per_code = np.bincount(self.codes, minlength=GOOD + 1)
        return {str(reason): int(per_code[code]) for code, reason in enumerate(ORDER) if per_code[code]}

    def n_bad(self) -> int:
        """Rows that break the contract."""
        return sum(count for reason, count in self.counts().items() if Reason(reason).breaks_contract)

    def examples(self) -> list[dict[str, Any]]:
        """The first row of each reason: reason, file, row and the raw values, shortened."""
        kept = self._kept_aside()
        reasons, first = np.unique(self.codes[kept], return_index=True)
        labels = kept[first]
        shown = []
        for code, label in zip(reasons, labels, strict=True):
            row = self._raw_text(np.array([label])).iloc[0]
            values = {
                str(name): str(value)[:_MAX_EXAMPLE_LENGTH]
                for name, value in row.items()
                if name not in (ROW, FILE, TABLE) and pd.notna(value)
            }
            shown.append({REASON: str(ORDER[code]), FILE: row[FILE], ROW: int(row[ROW]), "values": values})
        return shown

    def rejects(self) -> pd.DataFrame:
        """The rows set aside: their raw values as text, ``reason``, ``row`` (from 1), ``file`` and ``table``."""
        labels = self._kept_aside()
        text: pd.DataFrame = self._raw_text(labels)
        names = np.array([str(reason) for reason in ORDER], dtype="object")
        return text.assign(**{REASON: pd.Series(names[self.codes[labels]], dtype="str")})

    def _kept_aside(self) -> npt.NDArray[np.intp]:
        """The rows set aside that a copy may be kept of."""
        return np.flatnonzero((self.codes != GOOD) & (self.codes != ORDER.index(Reason.FORGOTTEN_USER)))

    def _raw_text(self, labels: npt.NDArray[np.integer]) -> pd.DataFrame:
        parts, start = [], 0
        for raw in self.raws:
            end = start + len(raw.rows)
            inside = labels[(labels >= start) & (labels < end)] - start
            parts.append(_as_text(raw, inside).assign(**{TABLE: self.kind}))
            start = end
        return pd.concat(parts, ignore_index=True)


def make_batch(kind: str, tables: Sequence[tuple[RawTable, pd.DataFrame]]) -> Batch:
    """Put the canonical rows of several files behind one another, malformed lines as empty rows behind their file's."""
    extended = [_with_malformed(raw, rows) for raw, rows in tables]
    rows = pd.concat([canonical for _, canonical, _ in extended], ignore_index=True)
    is_malformed = np.concatenate([flags for _, _, flags in extended])
    codes = np.full(len(rows), GOOD, dtype=np.int8)
    codes[is_malformed] = ORDER.index(Reason.MALFORMED_ROW)
    return Batch(kind, [raw for raw, _, _ in extended], rows, is_malformed, codes)


def _with_malformed(raw: RawTable, rows: pd.DataFrame) -> tuple[RawTable, pd.DataFrame, npt.NDArray[np.bool_]]:
    flags = np.arange(len(rows) + len(raw.malformed)) >= len(rows)
    if not raw.malformed:
        return raw, rows, flags
    extra = pd.DataFrame({_MALFORMED_TEXT: [line.text for line in raw.malformed]}, dtype="str")
    numbers = pd.concat([raw.row_numbers, pd.Series([line.row for line in raw.malformed])], ignore_index=True)
    longer = replace(raw, rows=pd.concat([raw.rows, extra], ignore_index=True), row_numbers=numbers)
    canonical = rows.reset_index(drop=True).reindex(range(len(flags))).astype(rows.dtypes)
    return longer, canonical, flags


def _as_text(raw: RawTable, positions: npt.NDArray[np.integer]) -> pd.DataFrame:
    """Raw values of some rows as text; a column that has one of our names is prefixed with ``raw.``."""
    taken = (ROW, FILE, TABLE, REASON)
    chosen = raw.rows.iloc[positions]
    text = {
        (f"raw.{name}" if name in taken else str(name)): chosen[name].map(str, na_action="ignore").astype("str")
        for name in raw.rows.columns
    }
    numbers = raw.row_numbers.to_numpy()[positions]
    frame = pd.DataFrame(text, index=chosen.index).reset_index(drop=True)
    names = pd.Series(raw.name, frame.index) if raw.files is None else raw.files.iloc[positions].reset_index(drop=True)
    return frame.assign(**{ROW: numbers.astype(np.int64), FILE: names.astype("str")})
