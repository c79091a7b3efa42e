"""CSV files, every line accounted for: it is a record, lies within a quoted cell, or is blank.

Quoting follows RFC 4180: a quotation mark at the beginning of a cell opens it, the next one that is not doubled closes
it, and a separator or the end of the line must follow. Where that cannot be, each line stands for itself, and in a
line whose quoting cannot be right the quotation marks are characters like others. Nothing is swallowed, and the
file's report says so.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from shortlist.errors import DataError

_LINE_BREAK: Final = re.compile(rb"\r\n?|\n")
_SEPARATORS: Final = ",;\t|"
MIN_SEPARATORS: Final = 2
"""A line of three cells is no title: an event needs as many."""

_TOLD_SEPARATOR: Final = re.compile(rb"sep=([,;\t|])(?:\r\n?|\n)", re.IGNORECASE)
"""A first line for spreadsheets, which names the separator; it holds no record and counts as blank."""


@dataclass(frozen=True, slots=True)
class MalformedRow:
    """A line that could not be read: its number in the file, from 1 behind the header, and its text."""

    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """What became of a file's lines: ``physical = records + within_cells + blank``, the header being a record."""

    physical: int
    records: int
    within_cells: int
    blank: int


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file as text.

    Attributes
    ----------
    rows : DataFrame of str, shape (n_rows, n_columns)
        Missing where a field is empty.
    malformed : tuple of MalformedRow
        Records of another number of fields than the header.
    lines : Lines
    warnings : tuple of str
    """

    rows: pd.DataFrame
    malformed: tuple[MalformedRow, ...]
    lines: Lines
    warnings: tuple[str, ...]


def read_csv(data: bytes, name: str) -> CsvTable:
    """Read the content of a CSV file.

    Raises
    ------
    DataError
        When there is no header, two columns have one name, or records and lines do not add up.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    told = _TOLD_SEPARATOR.match(data)
    data = data[told.end() :] if told else data
    separator = told[1].decode() if told else _separator(data, name)
    warnings: tuple[str, ...] = ()
    broken = _first_broken(data, separator)
    if broken is not None:
        data = _each_line_alone(data, separator)
        warnings = (
            f"{name}: the quotation marks do not pair up by line {broken:,}. Every line was read by itself, and in "
            "lines where they cannot be right quotation marks were taken as characters.",
        )
    outside = _quoted(separator).sub(rb"\1q", data) if b'"' in data else data
    n_outside, blank = _n_lines(outside), _n_blank(outside)
    rows, malformed = _parsed(data, _columns(data, separator, name), separator)
    if malformed and not len(rows) and all(row.text.rstrip("\r\n").endswith(separator) for row in malformed):
        data = _with_one_more_column(data, separator)  # every record ends with a separator, and the header does not
        rows, malformed = _parsed(data, _columns(data, separator, name), separator)
    n_told = int(told is not None)
    physical = _n_lines(data) + n_told
    lines = Lines(physical, 1 + len(rows) + len(malformed), physical - n_told - n_outside, blank + n_told)
    if lines.records + lines.within_cells + lines.blank != physical:
        raise DataError(
            f"{name}: {physical:,} lines, of which {lines.records:,} were read as records, {lines.within_cells:,} lie "
            f"within quoted cells and {blank:,} are blank: that does not add up. Export the file again as plain CSV."
        )
    return CsvTable(rows, malformed, lines, warnings)


def layout(data: bytes, name: str) -> tuple[str, list[str]]:
    """The separator and the columns that the first line shows. Raises ``DataError`` as `read_csv` does."""
    separator = _separator(data, name)
    return separator, _columns(data, separator, name)


def _separator(data: bytes, name: str) -> str:
    """The one of ``, ; | tab`` that stands most often outside quotation marks in the first line."""
    first = data.splitlines()[0] if data.splitlines() else b""
    if not first.strip():
        raise DataError(f"{name}: no header line. The first line must name the columns.")
    line = re.sub(rb'"(?:[^"]|"")*"?', b"", first).decode()
    return max(_SEPARATORS, key=line.count)


@cache
def _cell(separator: str) -> bytes:
    """A cell, quoted or not; a quotation mark within an unquoted one is a character."""
    mark = re.escape(separator).encode()
    return rb'(?:"(?:[^"]|"")*+"|[^"' + mark + rb"\r\n][^" + mark + rb"\r\n]*+)?+"


@cache
def _record(separator: str) -> "re.Pattern[bytes]":
    mark = re.escape(separator).encode()
    return re.compile(_cell(separator) + rb"(?:" + mark + _cell(separator) + rb")*+(?:\r\n?|\n|\Z)")


@cache
def _quoted(separator: str) -> "re.Pattern[bytes]":
    """A quoted cell, with what stands before it."""
    mark = re.escape(separator).encode()
    return re.compile(rb"(\A|[" + mark + rb'\r\n])"(?:[^"]|"")*+"')


def _first_broken(data: bytes, separator: str) -> int | None:
    """The number of the first line whose quoting cannot be right, None when all is well."""
    if b'"' not in data:
        return None
    mark = re.escape(separator).encode()
    cells = re.compile(rb"(?:" + _cell(separator) + rb"(?:" + mark + rb"|\r\n?|\n))*+" + _cell(separator))
    found = cells.match(data)
    end = found.end() if found else 0
    return None if end == len(data) else _n_lines(data[:end] + b"x")


def _each_line_alone(data: bytes, separator: str) -> bytes:
    """The same lines, with all cells quoted in those whose own quoting cannot be right."""
    record = _record(separator)
    lines = _LINE_BREAK.split(data)
    sound = [line if b'"' not in line or record.fullmatch(line) else _as_characters(line, separator) for line in lines]
    return b"\n".join(sound)


def _as_characters(line: bytes, separator: str) -> bytes:
    mark = separator.encode()
    return mark.join(b'"' + cell.replace(b'"', b'""') + b'"' for cell in line.split(mark))


def _n_lines(data: bytes) -> int:
    """Physical lines; the last one needs no end."""
    breaks = data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
    return breaks + (len(data) > 0 and data[-1:] not in (b"\n", b"\r"))


def _n_blank(data: bytes) -> int:
    """Lines with nothing in them, which stand for no record."""
    return len(re.findall(rb"(?:\A|(?<=\n)|(?<=\r)(?!\n))(?:\r\n?|\n)", data))


def _columns(data: bytes, separator: str, name: str) -> list[str]:
    """The names in the first record, which may hold line breaks."""
    found = _record(separator).match(data)
    header = data[: found.end()] if found else data
    options = pacsv.ParseOptions(delimiter=separator, newlines_in_values=True)
    line = pa.BufferReader(header.rstrip(b"\r\n") + b"\n")
    names: list[str] = pacsv.read_csv(line, parse_options=options).column_names
    if len(names) == 1:
        _refuse_title(data, name)
    named = [one for one in names if one.strip()]
    if len(set(named)) < len(named):
        raise DataError(f"{name}: two columns have the same name. Columns found: {', '.join(named)}. Rename one.")
    return names


def _with_one_more_column(data: bytes, separator: str) -> bytes:
    """The same file, with a column without a name behind the header's others."""
    found = _record(separator).match(data)
    header = data[: found.end()] if found else data
    names = header.rstrip(b"\r\n")
    return names + separator.encode() + data[len(names) :]


def _refuse_title(data: bytes, name: str) -> None:
    """Raise ``DataError`` where lines of several cells come below a first line of one: that is a title."""
    for number, line in enumerate(_LINE_BREAK.split(data[:100_000])[:20], start=1):
        if max(line.decode("utf-8", "replace").count(mark) for mark in _SEPARATORS) >= MIN_SEPARATORS:
            raise DataError(
                f"{name}: line 1 names one column, and line {number} looks like the header. Delete the lines above it."
            )


def _parsed(data: bytes, names: list[str], separator: str) -> tuple[pd.DataFrame, tuple[MalformedRow, ...]]:
    malformed: list[MalformedRow] = []

    def keep(row: pacsv.InvalidRow) -> str:
        malformed.append(MalformedRow((row.number or 1) - 1, row.text or ""))
        return "skip"

    def read(block_size: int) -> pa.Table:
        malformed.clear()
        return pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(use_threads=False, block_size=block_size),
            parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=keep),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )

    try:
        table = read(1 << 20)
    except pa.ArrowInvalid as error:
        if "straddling" not in str(error):
            raise
        table = read(min(len(data) + 1, (1 << 31) - 1))  # a cell longer than a block
    unnamed = [one if one.strip() else f"(column {place})" for place, one in enumerate(names, start=1)]
    rows = table.rename_columns(unnamed).to_pandas()
    empty = [one for one, given in zip(unnamed, names, strict=True) if one != given and rows[one].isna().all()]
    return rows.drop(columns=empty), tuple(malformed)
