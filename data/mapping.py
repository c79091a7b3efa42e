"""Which column of a file is which canonical column."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from data.event_names import squash
from data.formats import Aliases, likely_column
from shortlist.columns import DISCONTINUED, EVENT_DTYPES, EVENT_TYPE, ITEM_DTYPES, USER_ID
from shortlist.errors import ConfigError, DataError

_CONSTANT_TYPE = " --event-type purchase (or view, click, ...; if a column holds the type: --map event_type=COLUMN)"
CANONICAL_COLUMNS = frozenset({*EVENT_DTYPES, *ITEM_DTYPES, USER_ID}) - {DISCONTINUED}


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The columns of one file that were understood.

    Attributes
    ----------
    sources : mapping of str to tuple of str
        For each canonical column the file's columns that stand for it; the first with a value in a row counts.
    ignored : tuple of str
        The file's other columns.
    """

    sources: Mapping[str, tuple[str, ...]]
    ignored: tuple[str, ...]

    def values(self, rows: pd.DataFrame, canonical: str) -> pd.Series | None:
        """The raw values of a canonical column, None when the file has none."""
        names = self.sources.get(canonical, ())
        if not names:
            return None
        values = rows[names[0]]
        for name in names[1:]:
            is_blank = values.isna() | (values.astype("str").str.strip() == "")
            values = values.astype("object").where(~is_blank, rows[name].astype("object"))
        return values


def parse_map(pairs: Iterable[str]) -> dict[str, str]:
    """Turn ``canonical=Source`` pairs into a mapping.

    Raises
    ------
    ConfigError
        When a pair has no ``=``, or its left side is no canonical column.
    """
    mapping = {}
    for pair in pairs:
        canonical, equals, source = pair.partition("=")
        if not equals or not source or canonical.strip() not in CANONICAL_COLUMNS:
            raise ConfigError(
                f"--map {pair}: write CANONICAL=COLUMN, with one of {', '.join(sorted(CANONICAL_COLUMNS))} on the left."
            )
        mapping[canonical.strip()] = source
    return mapping


def map_columns(
    columns: Sequence[str], explicit: Mapping[str, str], vendor: Aliases, general: Aliases, taken: Iterable[str] = ()
) -> ColumnMap:
    """Find the canonical columns among a file's columns.

    A column named by `explicit` comes first, then all that the vendor's format names, then the first of the general
    aliases that exists and that stands for nothing else. `taken` columns count as understood.
    """
    by_squashed: dict[str, str] = {}
    for column in columns:
        by_squashed.setdefault(squash(column), column)
    sources: dict[str, tuple[str, ...]] = {
        canonical: (source,) for canonical, source in explicit.items() if source in columns
    }
    used = {source for found in sources.values() for source in found}
    for canonical, names in vendor.items():
        found = tuple(by_squashed[name] for name in names if name in by_squashed and by_squashed[name] not in used)
        if found and canonical not in sources:
            sources[canonical] = found
    used = {source for found in sources.values() for source in found}
    for canonical, names in general.items():
        free = [by_squashed[name] for name in names if name in by_squashed and by_squashed[name] not in used]
        if free and canonical not in sources:
            sources[canonical] = (free[0],)
            used.add(free[0])
    return ColumnMap(sources, tuple(column for column in columns if column not in used and column not in set(taken)))


def require(found: ColumnMap, required: Iterable[str], columns: Sequence[str], name: str) -> None:
    """Check that columns exist.

    Raises
    ------
    DataError
        Names what is missing, the columns found, and the option that would mend it.
    """
    missing = [column for column in required if column not in found.sources]
    if not missing:
        return
    likely = {column: likely_column(column, found.ignored) for column in missing}
    is_type_unknown = EVENT_TYPE in likely and likely[EVENT_TYPE] is None
    named = [column for column in missing if column != EVENT_TYPE or not is_type_unknown]
    remedy = shlex.join(f"{column}={likely[column] or 'COLUMN'}" for column in named)
    raise DataError(
        f"{name}: no column for {', '.join(missing)}. Columns found: {', '.join(map(str, columns))}. "
        f"Say which one it is: --map {remedy}{_CONSTANT_TYPE if is_type_unknown else ''}"
    )
