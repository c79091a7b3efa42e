r"""Category cells as catalogues write them, turned into one path ``A > B > C`` each.

A path is written ``A > B``, ``A|B``, or ``A/B`` where most cells of the column are. A list holds either levels or, when
its first entry is a path, alternatives. Several paths in one cell stand behind commas (WooCommerce escapes a comma
within a name: ``Fruit\, Veg > Herbs``); the first counts, since an item has one category.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from data.parsing import to_text
from shortlist.columns import CATEGORY_SEPARATOR

_COMMA: Final = re.compile(r"(?<!\\),")
_STEP: Final = re.compile(r"[>|›»]")
_SLASH: Final = re.compile(r"/")


@dataclass(frozen=True, slots=True)
class Categories:
    """A column of categories.

    Attributes
    ----------
    paths : Series of str
    n_several : int
        Rows whose cell named several paths, such as `example`.
    """

    paths: pd.Series
    n_several: int = 0
    example: str = ""

    def warning(self, table: str) -> str:
        """What to tell the owner of the data; empty where each cell named one path."""
        if not self.n_several:
            return ""
        return f"{table}: {self.n_several:,} items are in several categories, such as {self.example}; the first counts."


def read_categories(values: pd.Series) -> Categories:
    """Read a column of cells, each a text or a list."""
    if values.dtype == "object":
        values = pd.Series([_as_cell(value) for value in values], values.index, dtype="object")
    text = to_text(values)
    cells = pd.Series(text.dropna().unique(), dtype="str").map(html.unescape)
    is_escaped = bool(cells.str.contains(r"\,", regex=False).any())
    step = _SLASH if _are_slashed(cells) else _STEP
    several = {cell: _alternatives(html.unescape(cell), step, is_escaped=is_escaped) for cell in text.dropna().unique()}
    paths = text.map({cell: path_of(step.split(found[0])) for cell, found in several.items()}).astype("str")
    in_several = text[text.isin([cell for cell, found in several.items() if len(found) > 1])]
    return Categories(paths, len(in_several), str(in_several.iloc[0]) if len(in_several) else "")


def read_levels(rows: pd.DataFrame) -> Categories:
    """Read one column a level, the broadest first."""
    parts = pd.DataFrame({name: to_text(rows[name]) for name in rows.columns})
    paths = [path_of([html.unescape(one) for one in row if isinstance(one, str)]) for row in parts.to_numpy()]
    return Categories(pd.Series(paths, rows.index, dtype="str"))


def path_of(levels: Sequence[str]) -> str | None:
    """Levels as one path, None where all are blank.

    >>> path_of([" Food ", "", "Tea"])
    'Food > Tea'
    """
    return CATEGORY_SEPARATOR.join(level.strip() for level in levels if level.strip()) or None


def _as_cell(entries: object) -> object:
    """The text that a list stands for; what is no list stays as it is."""
    if not isinstance(entries, (list, np.ndarray)):
        return entries
    if len(entries) == 0:
        return None
    is_alternatives = _STEP.search(str(entries[0])) is not None
    texts = [str(one).replace(",", r"\,") for one in entries]
    return ", ".join(texts) if is_alternatives else CATEGORY_SEPARATOR.join(texts)


def _alternatives(cell: str, step: re.Pattern[str], *, is_escaped: bool) -> list[str]:
    """The paths that a cell names, escapes taken away: commas part them where all parts are paths, or some escape."""
    parts = _COMMA.split(cell)
    if len(parts) > 1 and not is_escaped and not all(step.search(part) for part in parts):
        parts = [cell]
    named = [part.replace(r"\,", ",").strip() for part in parts]
    return [part for part in named if part] or [cell]


def _are_slashed(cells: pd.Series) -> bool:
    """Whether ``/`` parts levels: most cells hold it, none a usual sign, and the first levels are few."""
    if cells.empty or cells.str.contains(_STEP).any() or cells.str.contains("/", regex=False).mean() <= 0.5:
        return False
    return bool(cells.str.partition("/")[0].str.strip().nunique() <= len(cells) / 2)
