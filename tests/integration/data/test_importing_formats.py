"""What files may look like: columns, times, numbers, encodings; and what names the mend where they are not clear."""

import codecs

import pandas as pd
import pytest
from event_files import EVENTS, HEADER

from data.sources import read_sources
from data.store import read_events
from shortlist.errors import DataError, DataRefused


def test_an_optional_field_costs_no_purchase(home, bring_in, write):
    """A price, quantity or place that cannot be read is unknown; the warning counts them, and names the option."""
    rows = ["u1,a,2024-05-01,purchase,44.50,3 pcs", 'u2,a,2024-05-02,purchase,"1,245",\'2']
    rows += ["u3,a,2024-05-03,purchase,tba,x"]
    report = bring_in(write("a.csv", HEADER + "\n".join(rows) + "\n"))
    assert (report.events.accepted, report.event_types) == (3, {"purchase": 3})
    events = read_events(home)
    assert events["price"].tolist()[:2] == [44.5, 1245.0]
    assert events["quantity"].tolist()[:2] == [3.0, 2.0]
    assert events[["price", "quantity"]].isna().sum().tolist() == [1, 1]
    assert sum("1 rows have a price that cannot be read, such as tba" in one for one in report.warnings) == 1


def test_the_decimal_sign_is_named_where_the_file_does_not_show_it(home, bring_in, write):
    """``1,245`` in every row is unknown, with the option in the warning, and read with it."""
    path = write("a.csv", HEADER + 'u1,a,2024-05-01,purchase,"1,245",\nu2,a,2024-05-01,purchase,"2,500",\n')
    report = bring_in(path)
    assert any("2 rows have a price" in one and "--decimal point or --decimal comma" in one for one in report.warnings)
    assert bring_in(path, decimal="comma").events.accepted == 2
    assert sorted(read_events(home)["price"].dropna()) == [1.245, 2.5]


@pytest.mark.parametrize("unit", [None, "s"])
def test_a_number_needs_a_unit(home, bring_in, write, unit):
    """A bare number as time is refused with the option that settles it, and taken with it."""
    path = write("events.csv", HEADER + "u,a,1714557600,view,,\n")
    if unit is None:
        with pytest.raises(DataError, match="--timestamp-unit"):
            bring_in(path)
        assert not home.root.exists()
    else:
        bring_in(path, timestamp_unit=unit)
        assert read_events(home)["timestamp"][0] == pd.Timestamp("2024-05-01T10:00:00Z")


def test_missing_column_names_its_mend(bring_in, write):
    """A missing column is answered with the columns found and the option that mends it, which does."""
    path = write("events.csv", "CustomerID,StockCode,When,event_type,Country\nu,a,2024-05-01,view,UK\n")
    with pytest.raises(DataError, match=r"Columns found: CustomerID, .*--map user_id=CustomerID item_id=StockCode"):
        bring_in(path)
    report = bring_in(path, columns={"user_id": "CustomerID", "item_id": "StockCode", "timestamp": "When"})
    assert report.events.accepted == 1
    assert any("columns not used: Country" in warning for warning in report.warnings)


def test_the_options_named_can_be_pasted_into_a_shell(bring_in, write):
    """Names with blanks are quoted, and a type that no column holds is given as an option of its own."""
    path = write("events.csv", "Customer ID,StockCode,InvoiceDate\nu,a,2024-05-01\n")
    with pytest.raises(DataError) as refused:
        bring_in(path)
    options = "--map 'user_id=Customer ID' item_id=StockCode timestamp=InvoiceDate --event-type purchase"
    assert options in str(refused.value)


def test_dates_of_people_are_read_or_name_their_option(home, bring_in, write):
    """In the zone that is given; where nothing tells the day from the month, the reason names the option that does."""
    head = "user_id,item_id,timestamp\n"
    bring_in(write("a.csv", head + "u,a,31.05.2024 18:20\n"), event_type="purchase", timezone="Europe/Berlin")
    assert read_events(home)["timestamp"][0] == pd.Timestamp("2024-05-31T16:20:00Z")
    path = write("b.csv", head + "u,a,03/04/2024\n")
    with pytest.raises(DataRefused, match=r"--date-order day or month"):
        bring_in(path, event_type="purchase")
    bring_in(path, event_type="purchase", date_order="day")
    assert read_events(home)["timestamp"][0] == pd.Timestamp("2024-04-03T00:00:00Z")


def test_files_of_other_encodings_are_read(tmp_path):
    """UTF-16 shows itself, in both orders of bytes; for others the message names the option, which does."""
    text = "user_id,item_id,timestamp,event_type\nJosé,a,2024-05-01,view\n"
    for number, encoding in enumerate(("utf-16", "utf-16-be", "cp1252")):
        path = tmp_path / f"{number}.csv"
        mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
        path.write_bytes(mark + text.encode(encoding))
        if encoding == "cp1252":
            with pytest.raises(DataError, match="--encoding cp1252"):
                read_sources([path])
        (raw,) = read_sources([path], "cp1252" if encoding == "cp1252" else None)
        assert raw.rows["user_id"].tolist() == ["José"]


def test_missing_event_type_names_its_mend(home, bring_in, write):
    """Without a column of types the option that gives one is named, and does."""
    path = write("events.csv", "user_id,item_id,timestamp\nu,a,2024-05-01\n")
    with pytest.raises(DataError, match="--event-type purchase"):
        bring_in(path)
    bring_in(path, event_type="Purchase")
    assert read_events(home)["event_type"].tolist() == ["purchase"]


def test_a_map_must_match(bring_in, write):
    """A mapping from a column that no file has is refused."""
    with pytest.raises(DataError, match="no file has a column Nowhere"):
        bring_in(write("events.csv", EVENTS), columns={"price": "Nowhere"})


@pytest.mark.parametrize("name", ["events.xlsx", "missing.csv", "empty.csv", "broken.parquet"])
def test_unreadable_files_are_refused(bring_in, write, tmp_path, name):
    """A file that is missing, empty, of another kind or broken is refused by name."""
    path = tmp_path / name if name == "missing.csv" else write(name, "" if name == "empty.csv" else "junk")
    with pytest.raises(DataError, match=name):
        bring_in(path)


def test_a_file_without_rows(home, bring_in, write):
    """A header alone brings nothing, creates no import and says so."""
    report = bring_in(write("events.csv", HEADER))
    assert (report.events.rows_read, report.import_id, report.already_imported) == (0, None, False)
    assert any("no rows" in warning for warning in report.warnings)


def test_one_customer_has_one_id(home, bring_in, write):
    """A data frame's ``1.0`` is the customer 1 of the month before; ``0001`` is warned of with both spellings."""
    bring_in(write("a.csv", HEADER + "1,a,2024-05-01,view,,\n2,a,2024-05-01,view,,\n"))
    report = bring_in(write("b.csv", HEADER + "1.0,b,2024-05-02,view,,\n,b,2024-05-02,view,,\n"))
    assert sorted(read_events(home)["user_id"].unique()) == ["1", "2"]
    assert any("1 rows have a user_id such as 1.0; it is read as 1" in one for one in report.warnings)
    report = bring_in(write("c.csv", HEADER + "0001,b,2024-05-03,view,,\n"))
    assert any("1 user ids are spelt in two ways, such as 0001 and 1" in one for one in report.warnings)


def test_a_wrong_unit_is_refused_with_the_right_one(home, bring_in, write):
    """Seconds read as milliseconds all lie in January 1970: refused, with the unit that gives this century."""
    rows = "".join(f"u{n},a,{1714557600 + n},view,,\n" for n in range(20))
    with pytest.raises(DataRefused, match=r"before 1971.* --timestamp-unit s gives 2024\. Nothing was imported"):
        bring_in(write("a.csv", HEADER + rows), timestamp_unit="ms")
    assert not home.root.exists()


def test_two_units_in_one_column_are_told(bring_in, write):
    """The few that fall in 1970 are set aside, and the warning says why."""
    rows = "".join(f"u{n},a,{1714557600000 + n * 1000},view,,\n" for n in range(20)) + "v,a,1714557600,view,,\n"
    report = bring_in(write("a.csv", HEADER + rows), timestamp_unit="ms")
    assert report.events.quarantined_by_reason == {"BAD_TIMESTAMP": 1}
    assert any("1 rows have a time before 1971" in one and "two units" in one for one in report.warnings)
