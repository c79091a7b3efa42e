"""No line of a CSV file is lost, whatever it holds."""

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.csv_files import CsvTable, read_csv
from shortlist.errors import DataError

CELL = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6),
    st.sampled_from(['12" tile', "Mug\nblue", "a,b", "", '"', "x\r\ny", "\n\n", "1,2\n3,4", " "]),
)
TABLES = st.integers(2, 4).flatmap(
    lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=8).map(
        lambda rows: [[f"c{place}" for place in range(n)], *rows]
    )
)


def written(rows: list[list[str]], separator: str, ending: str) -> bytes:
    """The rows as Python's csv module writes them."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=ending).writerows(rows)
    return out.getvalue().encode()


def physical_lines(data: bytes) -> int:
    """Lines by the ends of all three kinds, counted another way."""
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return len(text.split(b"\n")) - text.endswith(b"\n")


def check_sums(table: CsvTable, data: bytes) -> None:
    """Both sums hold."""
    lines = table.lines
    assert lines.physical == physical_lines(data) == lines.records + lines.within_cells + lines.blank
    assert lines.records == 1 + len(table.rows) + len(table.malformed)


@settings(max_examples=300)
@given(TABLES, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_module_writes_is_read_back(rows: list[list[str]], separator: str, ending: str) -> None:
    """Every cell comes back, empty ones as missing, and lines add up."""
    data = written(rows, separator, ending)
    table = read_csv(data, "t")
    check_sums(table, data)
    assert (table.warnings, table.malformed) == ((), ())
    found = [["" if isinstance(cell, float) else cell for cell in row] for row in table.rows.to_numpy().tolist()]
    assert found == rows[1:]


@settings(max_examples=400)
@given(TABLES, st.data())
def test_one_quotation_mark_more_loses_no_line(rows: list[list[str]], drawn: st.DataObject) -> None:
    """With a mark added anywhere both sums hold, or the file is refused."""
    data = written(rows, ",", "\n")
    place = drawn.draw(st.integers(0, len(data)))
    broken = data[:place] + b'"' + data[place:]
    try:
        broken.decode()
    except UnicodeDecodeError:
        assume(False)
    try:
        table = read_csv(broken, "t")
    except DataError:
        return
    check_sums(table, broken)


def test_refusal_names_the_file() -> None:
    """A file without a header is refused by name."""
    with pytest.raises(DataError, match=r"orders\.csv: no header line"):
        read_csv(b"\n1,2\n", "orders.csv")
