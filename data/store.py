"""The stored events: one Parquet file for each import and date, read back whole, in one order, with cancels netted."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from data.cancels import net_cancels
from data.inventory import DAY_PREFIX, check_content, day_files
from data.merging import under_one_id
from data.publication import Publication, reading
from shortlist.columns import EVENT_DTYPES, EVENT_ID, EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID
from shortlist.errors import DataError
from shortlist.home import Home

_ARROW_TYPES: Final = {
    "str": pa.string(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "datetime64[us, UTC]": pa.timestamp("us", tz="UTC"),
}
_PLACE: Final = "place"
"""Where an event stood in the files of its import: the order of what one user did at one moment."""

_ORDER: Final = (TIMESTAMP, USER_ID, _PLACE, ITEM_ID, EVENT_TYPE)


def arrow_schema(dtypes: dict[str, str]) -> pa.Schema:
    """The Arrow schema of canonical dtypes."""
    return pa.schema([(column, _ARROW_TYPES[dtype]) for column, dtype in dtypes.items()])


EVENT_SCHEMA: Final = arrow_schema(EVENT_DTYPES)
STORED_SCHEMA: Final = EVENT_SCHEMA.append(pa.field(_PLACE, pa.int64()))


def read_events(
    home: Home,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    columns: Sequence[str] | None = None,
    may_be_none: bool = False,
) -> pd.DataFrame:
    """Read the events with cancels netted (see `data.cancels`).

    They are the same whatever the order and number of imports, as long as one file holds what a user did at one moment:
    events of one time and user keep the order of their file, which exports without a clock depend on.

    Parameters
    ----------
    home : Home
    since : datetime, optional
        Only events from then on; a cancel whose purchase lies before is without effect. With a time zone.
    until : datetime, optional
        Only events before it, cancels included, so that nothing later shows. With a time zone.
    columns : sequence of str, optional
        Canonical columns to return; all when left out.
    may_be_none : bool
        Whether there may be no events.

    Returns
    -------
    DataFrame, shape (n_events, n_columns)
        Canonical dtypes, sorted by timestamp, user, place in the file and then all other columns; no cancels.

    Raises
    ------
    DataError
        When there are no events, or a stored file is missing, foreign or damaged.
    """
    with reading(home):
        files = stored_files(home, since=since, until=until)
        check_content(home, files)
        stored = _read_table(files, _between(since, until))
    if not len(stored) and not may_be_none:
        raise no_events(home, until)
    events = net_cancels(under_one_id(home, _to_pandas(_sorted(stored)))).events.reset_index(drop=True)
    return events if columns is None else events[list(columns)]


def read_days(home: Home, since: datetime, until: datetime) -> Iterator[pd.DataFrame]:
    """The events of each day (UTC) of ``[since, until)`` that has any, as `read_events` gives those of one day."""
    with reading(home):
        days = {day: files for day, files in day_files(home).items() if _is_between(day, since, until)}
        check_content(home, [file for files in days.values() for file in files])
        for files in days.values():
            stored = _read_table(files, _between(since, until))
            if len(stored):
                yield net_cancels(under_one_id(home, _to_pandas(_sorted(stored)))).events.reset_index(drop=True)


def no_events(home: Home, until: datetime | None = None) -> DataError:
    """What is to be said where there are no events before a moment."""
    when = "" if until is None else f" before {until.isoformat()}"
    return DataError(
        f"{home.root}: no events{when}. Bring some in with `shortlist import --events FILE`, or try `shortlist demo`."
    )


def stored_files(home: Home, *, since: datetime | None = None, until: datetime | None = None) -> list[Path]:
    """The event files of the days that touch ``[since, until)``. The caller holds `data.publication.reading`."""
    return _event_files(home, lambda day: _is_between(day, since, until))


def has_events(home: Home) -> bool:
    """Whether any event is stored."""
    return any(home.events.glob(f"{DAY_PREFIX}*/*.parquet"))


def stored_on(home: Home, dates: Collection[date]) -> pd.DataFrame:
    """Stored events of some dates as they are, cancels not netted. The caller holds `data.publication.reading`."""
    return _read(_event_files(home, lambda day: day in dates))


def stored_with_ids(home: Home, event_ids: Iterable[str]) -> pd.DataFrame:
    """Stored events with one of some event ids, on any date, as they are."""
    return _read(_event_files(home), ds.field(EVENT_ID).isin(pa.array(event_ids, pa.string())))


def stored_ids_among(files: Sequence[Path], event_ids: pd.Series) -> pd.Series:
    """Those of some event ids that event files hold, str."""
    where = ds.field(EVENT_ID).isin(pa.array(event_ids, pa.string()))
    stored = event_dataset(files).to_table(columns=[EVENT_ID], filter=where)
    return pd.Series(stored[EVENT_ID].to_pandas(), dtype="str")


def event_dataset(files: Sequence[Path]) -> ds.Dataset:
    """Event files as one, to be read in parts; of no file an empty one."""
    names = [str(file) for file in files]
    if not names:
        return ds.dataset(STORED_SCHEMA.empty_table())
    return ds.dataset(names, schema=STORED_SCHEMA, format="parquet")


def stored_of(home: Home, user_ids: Iterable[str]) -> pd.DataFrame:
    """Stored events of some users as they are."""
    return _read(_event_files(home), ds.field(USER_ID).isin(pa.array(user_ids, pa.string())))


def stage_events(publication: Publication, events: pd.DataFrame, import_id: str) -> None:
    """Stage canonical events, whose labels are their places in the import's files, as one file for each date."""
    placed = events[list(EVENT_DTYPES)].assign(**{_PLACE: events.index})
    table = _sorted(pa.Table.from_pandas(placed, schema=STORED_SCHEMA, preserve_index=False))
    days = np.asarray(table[TIMESTAMP].cast(pa.timestamp("us"))).astype("datetime64[D]")
    starts = np.flatnonzero(np.append(True, days[1:] != days[:-1]))[: len(days)]  # none of no events
    for start, end in pairwise((*starts, len(days))):
        folder = publication.home.events / f"{DAY_PREFIX}{days[start]}"
        staged = publication.stage(folder / f"{import_id}.parquet")
        pq.write_table(table.slice(start, end - start), staged)


def _sorted(table: pa.Table) -> pa.Table:
    """Events in the one order: by timestamp, user, place in the file and then everything else."""
    rest = [column for column in EVENT_DTYPES if column not in _ORDER and table[column].null_count < len(table)]
    return table.sort_by([(column, "ascending") for column in (*_ORDER, *rest)])


def _event_files(home: Home, wanted: Any = None) -> list[Path]:
    """The event files of the dates that a predicate wants, in a stable order."""
    return [file for day, files in day_files(home).items() if wanted is None or wanted(day) for file in files]


def _is_between(day: date, since: datetime | None, until: datetime | None) -> bool:
    """Whether events of a date can lie in ``[since, until)``."""
    is_late = since is None or day >= since.astimezone(UTC).date()
    return is_late and (until is None or day <= until.astimezone(UTC).date())


def _between(since: datetime | None, until: datetime | None) -> Any:
    """The condition of ``[since, until)`` on stored events; None without either."""
    if any(moment is not None and moment.tzinfo is None for moment in (since, until)):
        raise ValueError("since and until need a time zone")
    time, dtype = ds.field(TIMESTAMP), pa.timestamp("us", tz="UTC")
    begun = None if since is None else time >= pa.scalar(since, dtype)
    if until is None:
        return begun
    ended = time < pa.scalar(until, dtype)
    return ended if begun is None else begun & ended


def _read(files: Sequence[Path], where: Any = None) -> pd.DataFrame:
    return _to_pandas(_read_table(files, where))


def _read_table(files: Sequence[Path], where: Any = None) -> pa.Table:
    """Stored events with their places, which files of release 0.1 are without."""
    if not files:
        return STORED_SCHEMA.empty_table()
    stored = ds.dataset([str(file) for file in files], schema=STORED_SCHEMA, format="parquet")
    try:
        return stored.to_table(filter=where)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{files[0].parent.parent}: a stored file cannot be read: {error}. Restore it from a backup."
        ) from error


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    events: pd.DataFrame = table.select(list(EVENT_DTYPES)).to_pandas()
    return events.astype(EVENT_DTYPES)
