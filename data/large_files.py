"""Events in Parquet files that are larger than memory allows: read day by day, sorted by DuckDB through the disk.

Only files of plain types are read so, whose times are times: where a value must be guessed from the others of its
column, as in a CSV file, the column is looked at whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.csv_files import Lines
from data.events import Reading, canonical_events
from data.log.scan import SORT_MEMORY_MB, silent_duckdb, whole_groups
from data.sources import RawTable, data_files, frame_of
from shortlist.atomic import temporary_folder
from shortlist.columns import TIMESTAMP
from shortlist.errors import DataError, StoreUnavailable

LARGE_ROWS: Final = 3_000_000
"""Fewer are read whole: they take about 1.4 GB, and are compared with each other in every respect."""

ROWS_AT_ONCE: Final = 1_000_000
SAMPLED_ROWS: Final = 1_000
_HELPERS: Final = ("_file", "_row", "_day")
_OWN: Final = "filename AS _file, file_row_number AS _row"
_TAKEN: Final = (*_HELPERS, "filename", "file_row_number")
_SECONDS_PER_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class LargeEvents:
    """Files of one kind of rows.

    Attributes
    ----------
    files : tuple of Path
    n_rows : int
    columns : tuple of str
    time : str
        Their column of times.
    lines : mapping of str to Lines
        What became of the lines of the files that the rows came in, where these are others and made of lines.
    """

    files: tuple[Path, ...]
    n_rows: int
    columns: tuple[str, ...]
    time: str
    lines: Mapping[str, Lines] = field(default_factory=dict)

    @property
    def given(self) -> tuple[Path, ...]:
        """The files as they are known to who gave them."""
        return tuple(map(Path, self.lines)) or self.files

    @property
    def name(self) -> str:
        """What they are called together."""
        return str(self.given[0]) if len(self.given) == 1 else f"{self.given[0].parent} ({len(self.given)} files)"

    def groups(self, folder: Path, rows_at_once: int = ROWS_AT_ONCE) -> Iterator[RawTable]:
        """The rows of whole days (UTC), some days at a time, in their order; those without a time come last.

        Parameters
        ----------
        folder : Path
            Where what does not fit into memory goes.

        Raises
        ------
        DataError
            When a file cannot be read.
        StoreUnavailable
            When memory and disk are not enough to sort them.
        """
        try:
            with temporary_folder(folder) as spilt, silent_duckdb(SORT_MEMORY_MB, spilt) as connection:
                yield from self._sorted(connection, rows_at_once)
        except duckdb.IOException as error:
            raise DataError(f"{self.name}: cannot be read: {str(error).splitlines()[0]}") from error
        except duckdb.Error as error:
            raise StoreUnavailable(f"{self.name}: cannot be sorted: {str(error).splitlines()[0]}") from error

    def _sorted(self, connection: duckdb.DuckDBPyConnection, rows_at_once: int) -> Iterator[RawTable]:
        names = [str(file) for file in self.files]
        rows = connection.read_parquet(names, filename=True, file_row_number=True, union_by_name=True)
        day = f"epoch_us({_quoted(self.time)}) // {_SECONDS_PER_DAY * 1_000_000}"
        placed = rows.project(f"* EXCLUDE (filename, file_row_number), {_OWN}, {day} AS _day")
        ordered = placed.order(f"_day NULLS LAST, list_position({_texts(names)}, _file), _row")
        for table in whole_groups(ordered.to_arrow_reader(rows_at_once), "_day", rows_at_once):
            numbers = table["_row"].to_pandas().astype("int64") + 1
            files = table["_file"].to_pandas().map(dict(zip(names, map(str, self.given), strict=True)))
            yield RawTable(self.name, frame_of(table.drop_columns(_HELPERS)), numbers, files=files)


def large_events(paths: Iterable[Path], reading: Reading) -> LargeEvents | None:
    """The events of files, where they are at least `LARGE_ROWS` and can be read day by day; None otherwise.

    Raises
    ------
    DataError
        When a required column is missing, or a file cannot be read.
    """
    files = tuple(data_files(paths))
    if not files or any(file.suffix.lower() not in {".parquet", ".pq"} for file in files):
        return None
    try:
        opened = [pq.ParquetFile(file) for file in files]
        n_rows = sum(file.metadata.num_rows for file in opened)
        schemas = [file.schema_arrow for file in opened]
        if n_rows < LARGE_ROWS or any(_is_nested(schema) for schema in schemas):
            return None
        head = next(opened[0].iter_batches(SAMPLED_ROWS), None)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{files[0].parent}: cannot be read as parquet: {error}. Check the files.") from error
    if head is None:
        return None
    rows = frame_of(pa.Table.from_batches([head]))
    raw = RawTable(str(files[0]), rows, pd.Series(range(1, len(rows) + 1)))
    (time, *others) = canonical_events(raw, reading).columns.sources.get(TIMESTAMP, ("",))
    if others or not all(_is_plain_time(schema, time, reading.timezone) for schema in schemas):
        return None
    return LargeEvents(files, n_rows, tuple(dict.fromkeys(name for one in schemas for name in one.names)), time)


def _is_nested(schema: pa.Schema) -> bool:
    return any(pa.types.is_nested(field.type) or field.name in _TAKEN for field in schema)


def _is_plain_time(schema: pa.Schema, name: str, timezone: str) -> bool:
    """Whether a column holds moments, so that its day (UTC) is known as it stands."""
    place = schema.get_field_index(name)
    kind = schema.field(place).type if place >= 0 else None
    return kind is not None and pa.types.is_timestamp(kind) and (kind.tz is not None or timezone == "UTC")


def _quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _texts(names: Iterable[str]) -> str:
    """A list of texts in SQL."""
    return "[" + ", ".join("'" + name.replace("'", "''") + "'" for name in names) + "]"
