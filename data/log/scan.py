"""The stored events user by user, sorted by DuckDB within a bound of memory, or by a Spark cluster where one runs.

`read_events` gives a log as one table, by time. A `SortedLog` gives the same events in batches of whole users, by user
(in byte order) and time, so that what is made of them need never hold them all.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from data.cancels import net_cancels
from data.inventory import check_content
from data.log.spark_sort import SparkSort
from data.people import read_people, root
from data.publication import reading
from data.store import STORED_SCHEMA, stored_files
from shortlist.atomic import temporary_folder
from shortlist.cluster import running_cluster
from shortlist.columns import EVENT_DTYPES, EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID, EventType
from shortlist.errors import StoreUnavailable
from shortlist.home import Home

ROWS_AT_ONCE: Final = 1_000_000
SORT_MEMORY_MB: Final = 2_000
MICROSECONDS: Final = 1_000_000

_ORDER: Final = (USER_ID, TIMESTAMP, "own_id", "place", ITEM_ID, EVENT_TYPE)
"""As `read_events` orders what one user did; ``own_id`` is the id before users were merged."""

_EVENTS: Final = """
SELECT * REPLACE (coalesce(merged.target, stored.user_id) AS user_id), stored.user_id AS own_id
FROM stored LEFT JOIN merged ON stored.user_id = merged.source
"""


@dataclass(frozen=True, slots=True)
class Survey:
    """A log as a whole, cancels left out.

    Attributes
    ----------
    n_events : int
    first, last : datetime
        The first and the last event; the year 1970 without events.
    types : tuple of str
        The event types that occur.
    """

    n_events: int
    first: datetime
    last: datetime
    types: tuple[str, ...]


class SortedLog:
    """Stored events before a moment, for as many passes as are needed. Use `sorted_log`.

    Attributes
    ----------
    events : DuckDBPyRelation
        As they are stored, cancels among them, users under one id.
    known_at : int, optional
        Events before this moment (seconds since 1970) are as they were known then: later cancels leave them.
    cluster : SparkSort, optional
        What sorts the same events in the place of DuckDB.
    """

    def __init__(
        self, events: duckdb.DuckDBPyRelation, known_at: int | None = None, cluster: SparkSort | None = None
    ) -> None:
        self.events, self._known_at, self._cluster = events, known_at, cluster
        self._counted = events.filter(f"{EVENT_TYPE} <> '{EventType.CANCEL}'")

    def before(self, second: int) -> "SortedLog":
        """The same log before a moment (seconds since 1970)."""
        end = second * MICROSECONDS
        cluster = None if self._cluster is None else self._cluster.before(end)
        return SortedLog(self.events.filter(f"epoch_us(timestamp) < {end}"), self._known_at, cluster)

    def as_known(self, second: int) -> "SortedLog":
        """The same log, of which what lies before a moment (seconds since 1970) is as it was known then."""
        return SortedLog(self.events, second, self._cluster)

    def first_since(self, second: int) -> pd.DataFrame:
        """The first event from a moment on (seconds since 1970), cancels left out; one row or none."""
        later = self._counted.filter(f"epoch_us(timestamp) >= {second * MICROSECONDS}")
        found: pd.DataFrame = later.order(f"{TIMESTAMP}, {USER_ID}").project(", ".join(EVENT_DTYPES)).limit(1).df()
        return found.astype(EVENT_DTYPES)

    def survey(self) -> Survey:
        """Look at the log as a whole."""
        facts = "count(*), epoch_us(min(timestamp)), epoch_us(max(timestamp)), list_sort(list(DISTINCT event_type))"
        ((n_events, first, last, types),) = self._counted.aggregate(facts).fetchall()
        return Survey(n_events, _moment(first), _moment(last), tuple(types or ()))

    def newest(self, n: int) -> npt.NDArray[np.int64]:
        """The times of the `n` newest events, oldest first, in seconds."""
        found = self._counted.project("epoch_us(timestamp) AS moment").order("moment DESC").limit(n).fetchnumpy()
        return np.sort(np.asarray(found["moment"], dtype=np.int64)) // MICROSECONDS

    def batches(self, rows_at_once: int = ROWS_AT_ONCE) -> Iterator[pd.DataFrame]:
        """Canonical events in batches of whole users, sorted, with cancels netted (see `data.cancels`).

        A batch has about `rows_at_once` events, more where one user has more.

        Raises
        ------
        StoreUnavailable
            When memory and disk are not enough to sort them.
        """
        try:
            for table in whole_groups(self._sorted(rows_at_once), USER_ID, rows_at_once):
                events = table.select(list(EVENT_DTYPES)).to_pandas().astype(EVENT_DTYPES)
                yield self._netted(events).reset_index(drop=True)
        except duckdb.Error as error:
            raise StoreUnavailable(f"the events cannot be sorted: {str(error).splitlines()[0]}") from error

    def _sorted(self, rows_at_once: int) -> Iterable[pa.RecordBatch]:
        order = [*_ORDER, *(column for column in EVENT_DTYPES if column not in _ORDER)]
        if self._cluster is not None:
            return self._cluster.batches(order, rows_at_once)
        ordered = self.events.order(", ".join(order)).project(", ".join(EVENT_DTYPES))
        reader: Iterable[pa.RecordBatch] = ordered.to_arrow_reader(rows_at_once)
        return reader

    def _netted(self, events: pd.DataFrame) -> pd.DataFrame:
        """Without cancels and what they take, in the same order."""
        netted = net_cancels(events).events
        if self._known_at is None or len(netted) == len(events):
            return netted
        known_at = pd.Timestamp(self._known_at, unit="s", tz="UTC")
        then = net_cancels(events[events[TIMESTAMP] < known_at]).events
        return pd.concat([then, netted[netted[TIMESTAMP] >= known_at]]).sort_index()


@contextmanager
def sorted_log(home: Home, until: datetime | None = None, memory_mb: int = SORT_MEMORY_MB) -> Iterator[SortedLog]:
    """Open the events of a home before a moment (with a time zone); an import waits until it is closed.

    Parameters
    ----------
    memory_mb : int
        What sorting may hold in memory; the rest goes through files in the home.

    Raises
    ------
    DataError
        When a stored file is missing, foreign or damaged.
    """
    with reading(home):
        files = stored_files(home, until=until)
        check_content(home, files)
        with ExitStack() as held:
            folder = held.enter_context(temporary_folder(home.root)) if files else Path(tempfile.gettempdir())
            connection = held.enter_context(silent_duckdb(memory_mb, folder))
            stored = ds.dataset([str(file) for file in files], schema=STORED_SCHEMA, format="parquet")
            connection.register("stored", stored if files else STORED_SCHEMA.empty_table())
            merged = _merged(home)
            connection.register("merged", merged)
            events = connection.sql(_EVENTS)
            if until is not None:
                events = events.filter(f"timestamp < TIMESTAMPTZ '{until.isoformat()}'")
            yield SortedLog(events, cluster=_spark_sort(home, files, merged, until))


@contextmanager
def silent_duckdb(memory_mb: int, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection within so much memory that puts the rest into a folder, counts in UTC, and writes no progress."""
    with duckdb.connect(config={"memory_limit": f"{memory_mb}MB", "temp_directory": str(folder)}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        with suppress(duckdb.InvalidInputException):  # in a notebook that cannot draw it there is none
            connection.execute("SET enable_progress_bar = false")  # it would stand among results
        yield connection


def _moment(microseconds: int | None) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds or 0)


def _merged(home: Home) -> pa.Table:
    """Ids that were merged, and the id that each stands for."""
    targets = read_people(home).targets
    columns = {"source": list(targets), "target": [root(targets, source) for source in targets]}
    return pa.table(columns, schema=pa.schema([("source", pa.string()), ("target", pa.string())]))


def _spark_sort(home: Home, files: Sequence[Path], merged: pa.Table, until: datetime | None) -> SparkSort | None:
    """The cluster that runs, if any, over the same events."""
    spark = running_cluster()
    if spark is None:
        return None
    sort = SparkSort(spark, files, merged, home.root)
    return sort if until is None else sort.before((until - _moment(0)) // timedelta(microseconds=1))


def whole_groups(batches: Iterable[pa.RecordBatch], column: str, rows_at_once: int) -> Iterator[pa.Table]:
    """Rows that are sorted by a column, missing values last, cut where its value changes.

    A table has about `rows_at_once` rows, more where more have one value.
    """
    held: list[pa.RecordBatch] = []
    n_held = 0
    for batch in batches:
        held.append(batch)
        n_held += len(batch)
        if n_held >= rows_at_once and (end := _last_start(held, column)) > 0:
            table = pa.Table.from_batches(held)
            yield table.slice(0, end)
            held = table.slice(end).to_batches()
            n_held -= end
    if n_held:
        yield pa.Table.from_batches(held)


def _last_start(batches: list[pa.RecordBatch], column: str) -> int:
    """The row at which the last value begins."""
    values = pa.Table.from_batches(batches)[column]
    if not values[-1].is_valid:
        return len(values) - int(values.null_count)
    return int(pa.compute.index(values, values[-1]).as_py())
