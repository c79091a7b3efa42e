"""CSV files, line by line."""

import pytest

from data.csv_files import Lines, MalformedRow, read_csv
from shortlist.errors import DataError


@pytest.mark.parametrize(
    ("data", "rows", "lines"),
    [
        (b"a,b\n1,2\n", [["1", "2"]], Lines(2, 2, 0, 0)),
        (b"\xef\xbb\xbfa;b\r\n1;2", [["1", "2"]], Lines(2, 2, 0, 0)),
        (b"a,b\r1,2\r3,4\r", [["1", "2"], ["3", "4"]], Lines(3, 3, 0, 0)),
        (b"a,b\n\n1,2\n\n\n3,4", [["1", "2"], ["3", "4"]], Lines(6, 3, 0, 3)),
        (b'a,b\n1,"x\n\ny"\n', [["1", "x\n\ny"]], Lines(4, 2, 2, 0)),
        (b'"a\nb",c\n1,2\n', [["1", "2"]], Lines(3, 2, 1, 0)),
        (b'a,b\n1,5" screen\n', [["1", '5" screen']], Lines(2, 2, 0, 0)),
        (b"sep=;\r\na;b\r\n1;2,5\r\n", [["1", "2,5"]], Lines(3, 2, 0, 1)),
        (b"a,b,,\n1,2,,\n", [["1", "2"]], Lines(2, 2, 0, 0)),
        (b"a,b\n1,2,\n3,4,\n", [["1", "2"], ["3", "4"]], Lines(3, 3, 0, 0)),
    ],
)
def test_every_line_has_its_place(data: bytes, rows: list[list[str]], lines: Lines) -> None:
    """A physical line is a record, lies within a quoted cell, or is blank."""
    table = read_csv(data, "t")
    assert (table.rows.to_numpy().tolist(), table.lines, table.warnings) == (rows, lines, ())


@pytest.mark.parametrize(
    ("data", "rows", "line"),
    [
        (b'a,b\n1,"7 inch\n2,x\n', [["1", '"7 inch'], ["2", "x"]], 2),
        (b'a,b\n1,"7 inch\n2,x\n3,"Mug, blue"\n', [["1", '"7 inch'], ["2", "x"], ["3", "Mug, blue"]], 4),
        (b'a,b\n1,"x"y\n', [["1", '"x"y']], 2),
    ],
    ids=["never closed", "closed by a later cell", "text behind it"],
)
def test_a_lone_quotation_mark_swallows_nothing(data: bytes, rows: list[list[str]], line: int) -> None:
    """Each line stands for itself, the mark is a character where it must be, and the warning says so."""
    table = read_csv(data, "orders.csv")
    assert table.rows.to_numpy().tolist() == rows
    assert table.lines.within_cells == 0
    assert f"orders.csv: the quotation marks do not pair up by line {line}" in table.warnings[0]


def test_lines_of_another_length_are_kept_as_malformed() -> None:
    """A record with too many or too few fields is counted, with its number and its text."""
    table = read_csv(b"a,b\n1,2\n1,2,3\nx\n", "t")
    assert table.malformed == (MalformedRow(2, "1,2,3"), MalformedRow(3, "x"))
    assert table.lines == Lines(4, 4, 0, 0)


def test_a_cell_longer_than_a_block_is_read() -> None:
    """A description of three megabytes is a cell like others."""
    table = read_csv(b"a,b\n1," + b"x" * 3_000_000 + b"\n2,y\n", "t")
    assert [len(cell) for cell in table.rows["b"]] == [3_000_000, 1]


def test_a_nameless_column_with_values_is_kept_by_its_place() -> None:
    """Columns without a name are left away when they are empty, and else called by their place."""
    table = read_csv(b"a,,\n1,x,\n", "t")
    assert table.rows.to_dict("list") == {"a": ["1"], "(column 2)": ["x"]}


def test_a_title_above_the_header_is_pointed_out() -> None:
    """A first line of one cell above lines of several is refused, with the line that looks like the header."""
    with pytest.raises(DataError, match=r"line 3 looks like the header\. Delete the lines above it"):
        read_csv(b"Order report 2024\n\nuser_id,item_id,timestamp\nu,a,2024-05-01\n", "t")
    assert len(read_csv(b"user_id\nu1\nu2\n", "t").rows) == 2
