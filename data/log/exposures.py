"""Exposures: the lists that were served, to be joined with what their users did then.

Parquet files by day (UTC), many small ones while a day lasts and one when it is over. They name nobody: a user is the
pseudonym that `data.people` gives.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.inventory import DAY_PREFIX
from shortlist.atomic import staged_file
from shortlist.home import Home

_WHOLE_DAY: Final = "day.parquet"

SCHEMA: Final = pa.schema(
    [
        ("recommendation_id", pa.string()),
        ("shown_at", pa.timestamp("us", tz="UTC")),
        ("user", pa.string()),
        ("version", pa.string()),
        ("variant", pa.string()),
        ("assignments", pa.list_(pa.string())),
        ("scenario", pa.string()),
        ("source", pa.string()),
        ("degraded", pa.string()),
        ("first_rank", pa.int32()),
        ("item_ids", pa.list_(pa.string())),
        ("scores", pa.list_(pa.float32())),
        ("milliseconds", pa.float32()),
    ]
)

AT_ONCE: Final = 20

FAILED: Final = "error"
"""The source of a list that could not be made: its user got an error instead."""


class Exposure(NamedTuple):
    """One list: to whom, what made it, and its items by place.

    `user` is None for a list that is nobody's own; `assignments` are ``experiment:variant`` of every experiment that
    the user was drawn into, also where the variant changed nothing. `milliseconds` is how long the list took to make or
    to find, None where that is not known.
    """

    recommendation_id: str
    shown_at: datetime
    user: str | None
    version: str
    variant: str
    assignments: list[str]
    scenario: str
    source: str
    degraded: str | None
    first_rank: int
    item_ids: list[str]
    scores: list[float]
    milliseconds: float | None = None


def write_exposures(home: Home, exposures: Iterable[Exposure], pause: Callable[[], object] = lambda: None) -> int:
    """Add exposures, a new file for each day; each file is there whole or not at all. Raises ``OSError``.

    Parameters
    ----------
    exposures : iterable of Exposure
        Taken a few at a time.
    pause : callable
        Called after every few, each of which keep other threads from their work for less than a millisecond.

    Returns
    -------
    int
        How many there were.
    """
    by_day: dict[date, list[pa.RecordBatch]] = {}
    n_written = 0
    left = iter(exposures)
    while few := list(islice(left, AT_ONCE)):
        for day, of_day in groupby(few, lambda one: one.shown_at.astimezone(UTC).date()):
            rows = [one._asdict() for one in of_day]
            by_day.setdefault(day, []).append(pa.RecordBatch.from_pylist(rows, schema=SCHEMA))
        n_written += len(few)
        pause()
    for day, batches in by_day.items():
        table = pa.Table.from_batches(batches).combine_chunks()
        _write(_folder(home, day) / f"{uuid4().hex}.parquet", table)
    return n_written


def read_exposures(home: Home, since: datetime, until: datetime) -> pd.DataFrame:
    """The exposures of ``[since, until)``, by time, each once; the columns of `SCHEMA`."""
    tables = [pq.ParquetFile(path).read() for day, path in _files(home) if since.date() <= day <= until.date()]
    rows: pd.DataFrame = pa.concat_tables([SCHEMA.empty_table(), *tables], promote_options="default").to_pandas()
    inside = (rows["shown_at"] >= since) & (rows["shown_at"] < until)
    ordered = rows[inside].sort_values("shown_at", kind="stable")
    return ordered.drop_duplicates("recommendation_id", ignore_index=True)


def compact_exposures(home: Home, today: date) -> None:
    """Put the files of each day that is over into one; a crash in between leaves lists twice, which are read once."""
    for day in sorted({day for day, _ in _files(home) if day < today}):
        paths = [path for one, path in _files(home) if one == day]
        whole = _folder(home, day) / _WHOLE_DAY
        if paths != [whole]:
            tables = [pq.ParquetFile(path).read() for path in paths]
            table = pa.concat_tables(tables, promote_options="default")
            _write(whole, table)
            for path in paths:
                path.unlink() if path != whole else None


def erase_exposures(home: Home, users: Sequence[str]) -> Counter[str]:
    """Take the lists of some users out; how many of each."""
    counts: Counter[str] = Counter()
    for _, path in _files(home):
        table = pq.ParquetFile(path).read()
        of_row = table["user"].to_pandas()
        is_gone = of_row.isin(users).to_numpy(dtype=np.bool_)
        if is_gone.any():
            _write(path, table.filter(pa.array(~is_gone)))
            counts.update(of_row[is_gone])
    return counts


def delete_exposures_before(home: Home, day: date, *, is_tried: bool = False) -> int:
    """Delete the exposures of all days before one; how many days. With `is_tried`, only say so."""
    old = sorted({one for one, _ in _files(home) if one < day})
    for one in () if is_tried else old:
        shutil.rmtree(_folder(home, one))
    return len(old)


def exposure_days(home: Home) -> list[date]:
    """The days (UTC) of which lists are noted, the oldest first."""
    return sorted({day for day, _ in _files(home)})


def _files(home: Home) -> Iterator[tuple[date, Path]]:
    for path in sorted(home.exposures.glob(f"{DAY_PREFIX}*/*.parquet")):
        yield date.fromisoformat(path.parent.name.removeprefix(DAY_PREFIX)), path


def _folder(home: Home, day: date) -> Path:
    return home.exposures / f"{DAY_PREFIX}{day.isoformat()}"


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with staged_file(path) as temporary:
        pq.write_table(table, temporary)
