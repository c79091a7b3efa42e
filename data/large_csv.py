"""Large CSV files as Parquet files, block by block, where nothing in them can be read in two ways.

In such a file every line is a record, no cell is quoted, times are ISO 8601 with a time of day, and numbers have a
decimal point at most. All else needs a look at whole columns, and is read whole.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from data.csv_files import Lines, layout, read_csv
from data.events import Reading, canonical_events
from data.large_files import LargeEvents, large_events
from data.parsing import to_times
from data.sources import RawTable, data_files
from shortlist.atomic import temporary_folder
from shortlist.columns import POSITION, PRICE, QUANTITY, TIMESTAMP
from shortlist.errors import StoreUnavailable
from shortlist.progress import Reporter
from shortlist.room import Need, require_room

LARGE_BYTES: Final = 300_000_000
"""Smaller files are read whole: they hold some 4 million events, and are looked at in every respect."""

BLOCK_BYTES: Final = 32_000_000
GZIP_RATIO: Final = 5
"""About how many bytes one of a gzip file becomes."""

_HEAD_BYTES: Final = 200_000
_SUFFIXES: Final = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_TIME: Final = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:?00| UTC)?$"
_BLANK: Final = re.compile(rb"(?:\A|\n)\r?\n")
_NUMBER: Final = r"^-?\d+(?:\.\d+)?$"


class NotPlain(Exception):
    """The file must be looked at whole; the message says why."""


@contextmanager
def opened_large(
    paths: Sequence[Path], reading: Reading, encoding: str | None, folder: Path, reporter: Reporter
) -> Iterator[LargeEvents | None]:
    """The events of files that can be read day by day; None where they are to be read whole.

    Parameters
    ----------
    encoding : str, optional
        Of text files that are not UTF-8; these are read whole.
    folder : Path
        Where CSV files lie as Parquet files while the block runs.

    Raises
    ------
    DataError
        When a required column is missing, or a file cannot be read.
    StoreUnavailable
        When there is no room.
    """
    files = data_files(paths)
    size = sum(file.stat().st_size for file in files if file.is_file())
    if size < LARGE_BYTES or encoding or not all(file.name.lower().endswith(_SUFFIXES) for file in files):
        yield large_events(paths, reading)
        return
    require_room(folder, Need(disk=size), "reading large CSV files")
    with temporary_folder(folder) as work:
        found = None
        try:
            found = _as_parquet(files, reading, work, reporter)
        except NotPlain as why:
            reporter.step(f"{why}: the files are read whole, which takes some five times their size in memory")
        except (pa.ArrowInvalid, UnicodeError) as error:
            reporter.step(f"{files[0].parent}: {str(error).splitlines()[0]}: the files are read whole")
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreUnavailable(f"{files[0].parent} cannot be read, or {work} not be written: {reason}.") from error
        yield found


def _as_parquet(files: Sequence[Path], reading: Reading, folder: Path, reporter: Reporter) -> LargeEvents:
    """Raises `NotPlain`, and ``DataError`` where a required column is missing."""
    made: list[Path] = []
    lines: dict[str, Lines] = {}
    names, time = dict.fromkeys(""), ""
    for number, file in enumerate(files):
        plain = _PlainFile.look(file, reading)
        if time not in ("", plain.time):
            raise NotPlain(f"{file}: the times are in another column than in {files[0]}")
        time, names = plain.time, names | dict.fromkeys(plain.names)
        made.append(folder / f"{number:06}.parquet")
        n_rows = plain.write(made[-1], reporter)
        lines[str(file)] = Lines(physical=n_rows + 1, records=n_rows + 1, within_cells=0, blank=0)
    n_events = sum(one.records - 1 for one in lines.values())
    return LargeEvents(tuple(made), n_events, tuple(names), time, lines)


class _PlainFile:
    """A CSV file, its separator and its columns."""

    def __init__(self, path: Path, separator: str, names: list[str], time: str, numbers: set[str], given: Reading):
        self.path, self.names, self.time = path, names, time
        self._separator, self._numbers, self._given = separator, numbers, given

    @classmethod
    def look(cls, path: Path, given: Reading) -> "_PlainFile":
        """By its first lines."""
        with pa.input_stream(str(path), compression="detect") as stream:
            head = stream.read(_HEAD_BYTES)
        if b'"' in head or head[:4].lower() == b"sep=" or b"\n" not in head:
            raise NotPlain(f"{path}: cells are quoted, or the first line names a separator")
        head = head[: head.rindex(b"\n") + 1].removeprefix(b"\xef\xbb\xbf")
        separator, names = layout(head, str(path))
        if not all(name.strip() for name in names):
            raise NotPlain(f"{path}: a column has no name")
        rows = read_csv(head, str(path)).rows
        sources = canonical_events(RawTable(str(path), rows, pd.Series(rows.index + 1)), given).columns.sources
        times = sources.get(TIMESTAMP, ())
        if len(times) != 1:
            raise NotPlain(f"{path}: times are in {len(times)} columns")
        numbers = {name for column in (PRICE, QUANTITY, POSITION) for name in sources.get(column, ())}
        return cls(path, separator, names, times[0], numbers, given)

    def write(self, target: Path, reporter: Reporter) -> int:
        """Write the rows as they are, but times as times; how many there are."""
        n_bytes = self.path.stat().st_size * (GZIP_RATIO if self.path.suffix.lower() == ".gz" else 1)
        kinds = [(name, pa.timestamp("us", "UTC") if name == self.time else pa.string()) for name in self.names]
        schema, n_rows = pa.schema(kinds), 0
        try:
            with pq.ParquetWriter(target, schema) as writer:
                for block in reporter.track(self._blocks(), n_bytes, f"{self.path.name}, bytes", len):
                    table = self._table(block)
                    writer.write_table(table.cast(schema))
                    n_rows += len(table)
        except pa.ArrowInvalid as error:
            raise NotPlain(f"{self.path}: {str(error).splitlines()[0]}") from error
        return n_rows

    def _blocks(self) -> Iterator[bytes]:
        """Whole lines, some at a time, without the header."""
        with pa.input_stream(str(self.path), compression="detect") as stream:
            left, is_first = b"", True
            while read := stream.read(BLOCK_BYTES):
                end = read.rfind(b"\n") + 1
                block, left = left + read[:end], read[end:] if end else left + read
                block = block.partition(b"\n")[2] if is_first and end else block
                is_first = is_first and not end
                if end and block:
                    yield block
            if left:
                yield left + b"\n"

    def _table(self, block: bytes) -> pa.Table:
        n_lines = block.count(b"\n")
        if b'"' in block or block.count(b"\r") not in {0, n_lines} or _BLANK.search(block):
            raise NotPlain(f"{self.path}: cells are quoted, lines are blank, or end in more than one way")
        table = pacsv.read_csv(
            pa.BufferReader(block),
            read_options=pacsv.ReadOptions(column_names=self.names, block_size=len(block) + 1),
            parse_options=pacsv.ParseOptions(delimiter=self._separator, quote_char=False, ignore_empty_lines=False),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
        if len(table) != n_lines:
            raise NotPlain(f"{self.path}: {n_lines:,} lines hold {len(table):,} records")
        for name in self._numbers:
            self._demand(table[name], _NUMBER, name)
        self._demand(table[self.time], _TIME, self.time)
        times = to_times(table[self.time].to_pandas(), self._given.times(None))
        if times.isna().sum() != table[self.time].null_count:
            raise NotPlain(f"{self.path}: column {self.time} holds days that there are not")
        return table.set_column(table.schema.get_field_index(self.time), self.time, pa.array(times))

    def _demand(self, values: pa.ChunkedArray, pattern: str, name: str) -> None:
        is_plain = pc.match_substring_regex(values, pattern)
        if pc.all(is_plain).as_py() is False:
            example = values.filter(pc.invert(is_plain))[0].as_py()
            raise NotPlain(f"{self.path}: column {name} holds {example}, which can be read in several ways")
