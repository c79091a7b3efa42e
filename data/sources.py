"""Files and folders read into raw tables: values as the file has them, nothing guessed.

CSV is read as text, so that ``00123``, ``NA`` and ``1e5`` stay what they are; only an empty field is missing. Parquet
keeps its types, integers with gaps included. JSON lines are parsed line by line. A line that does not fit its header,
or is no JSON object, is kept as malformed.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.csv_files import Lines, MalformedRow, read_csv
from data.nesting import expand_records
from shortlist.errors import DataError

_CSV_SUFFIXES: Final = (".csv", ".tsv", ".txt")
_JSON_SUFFIXES: Final = (".jsonl", ".ndjson", ".json")
_NULLABLE: Final = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


@dataclass(frozen=True, slots=True)
class RawTable:
    """What a file holds.

    Attributes
    ----------
    name : str
        The file as it was named.
    rows : DataFrame, shape (n_rows, n_columns)
        Values in the file's own types and under its own column names.
    row_numbers : ndarray of int64, shape (n_rows,)
        Which record of the file each row comes from, counted from 1; a record that lists several items gives several.
    malformed : tuple of MalformedRow
    lines : Lines or None
        What became of its lines, where it is made of lines.
    warnings : tuple of str
    files : Series of str, optional
        The file of each row, where the table holds rows of several.
    """

    name: str
    rows: pd.DataFrame
    row_numbers: pd.Series
    malformed: tuple[MalformedRow, ...] = ()
    lines: Lines | None = None
    warnings: tuple[str, ...] = ()
    files: pd.Series | None = None


def read_sources(paths: Iterable[Path], encoding: str | None = None) -> list[RawTable]:
    """Read files, and every data file of folders, in a stable order.

    Parameters
    ----------
    encoding : str, optional
        Of text files that are not UTF-8, by Python's name; UTF-16 shows itself.

    Raises
    ------
    DataError
        When a file is missing, of an unknown kind, empty, or not what its suffix says.
    """
    return [_read(file, encoding) for file in data_files(paths)]


def data_files(paths: Iterable[Path]) -> list[Path]:
    """The files that are named, and every data file of the folders that are. Raises ``DataError``."""
    return [file for path in paths for file in _files_of(path)]


def _files_of(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.is_file() and _kind(file) and file.name[0] not in "._")
    if not files:
        raise DataError(f"{path}: no CSV, Parquet or JSON lines file in this folder. Name a folder that holds some.")
    return files


def _kind(path: Path) -> str | None:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_CSV_SUFFIXES):
        return "csv"
    if name.endswith(_JSON_SUFFIXES):
        return "jsonl"
    return "parquet" if name.endswith((".parquet", ".pq")) else None


def _read(path: Path, encoding: str | None) -> RawTable:
    kind = _kind(path)
    if kind is None:
        raise DataError(f"{path}: unknown kind of file. Shortlist reads .csv, .tsv, .jsonl (also .gz) and .parquet.")
    try:
        if kind == "parquet":
            return _read_parquet(path)
        content = _content(path, encoding)
        return _read_csv(path, content) if kind == "csv" else _read_json(path, content)
    except (OSError, EOFError, zlib.error, pa.ArrowException, UnicodeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        remedy = "" if kind == "parquet" else ", or name what it is written in: --encoding cp1252 (or latin-1, ...)"
        raise DataError(
            f"{path}: cannot be read as {kind}: {reason}. Check the file, and export it again as UTF-8{remedy}."
        ) from error


def _read_parquet(path: Path) -> RawTable:
    table = pq.ParquetFile(path).read()
    rows, numbers = expand_records(frame_of(table))
    return RawTable(str(path), rows, numbers)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """The values of a Parquet file in their own types, integers with gaps included."""
    rows: pd.DataFrame = table.to_pandas(types_mapper=_NULLABLE.get, date_as_object=False, ignore_metadata=True)
    return rows


def _read_csv(path: Path, content: bytes) -> RawTable:
    table = read_csv(content, str(path))
    numbers = _csv_row_numbers(len(table.rows), table.malformed)
    return RawTable(str(path), table.rows, numbers, table.malformed, table.lines, table.warnings)


def _content(path: Path, encoding: str | None) -> bytes:
    """The bytes of a text file, as UTF-8."""
    content = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    return content if encoding is None else content.decode(encoding).encode()


def _csv_row_numbers(n_rows: int, malformed: Sequence[MalformedRow]) -> pd.Series:
    """Numbers of the good rows: all from 1 but those of malformed ones."""
    skipped = {row.row for row in malformed}
    everything = pd.Series(range(1, n_rows + len(skipped) + 1), dtype="int64")
    return everything[~everything.isin(skipped)].iloc[:n_rows].reset_index(drop=True)


def _read_json(path: Path, content: bytes) -> RawTable:
    """Records one a line, or one array of them."""
    if content.lstrip().startswith(b"["):
        try:
            return _read_json_array(path, orjson.loads(content))
        except orjson.JSONDecodeError as error:
            raise DataError(f"{path}: begins as a JSON array and is none: {error}. Write one object a line.") from error
    return _read_json_lines(path, content)


def _read_json_array(path: Path, entries: list[object]) -> RawTable:
    is_record = [isinstance(one, dict) for one in entries]
    good = [number for number, is_good in enumerate(is_record, start=1) if is_good]
    malformed = tuple(
        MalformedRow(number, orjson.dumps(one).decode())
        for number, (one, is_good) in enumerate(zip(entries, is_record, strict=True), start=1)
        if not is_good
    )
    records = pd.DataFrame([entries[number - 1] for number in good], dtype="object")
    rows, numbered = expand_records(records, pd.Series(good, dtype="int64"))
    return RawTable(str(path), rows, numbered, malformed)


def _read_json_lines(path: Path, content: bytes) -> RawTable:
    records: list[dict[str, object]] = []
    numbers: list[int] = []
    malformed: list[MalformedRow] = []
    lines = content.split(b"\n")
    lines = lines[:-1] if not lines[-1] else lines
    for number, line in enumerate((one for one in lines if one.strip()), start=1):
        record = _json_object(line)
        if record is None:
            malformed.append(MalformedRow(number, line.decode("utf-8", "replace").strip()))
        else:
            records.append(record)
            numbers.append(number)
    counted = Lines(len(lines), len(records) + len(malformed), 0, sum(not one.strip() for one in lines))
    rows, numbered = expand_records(pd.DataFrame(records, dtype="object"), pd.Series(numbers, dtype="int64"))
    return RawTable(str(path), rows, numbered, tuple(malformed), counted)


def _json_object(line: bytes) -> dict[str, object] | None:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None
