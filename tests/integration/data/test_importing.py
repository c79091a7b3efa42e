import codecs
import fcntl
from datetime import UTC, datetime

import orjson
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data.catalog import read_items, read_users
from data.log.fingerprint import _fingerprint_by_time, events_fingerprint, is_fingerprint_of
from data.settings import DataConfig
from data.sources import read_sources
from data.store import read_events
from shortlist.columns import EVENT_DTYPES, ITEM_DTYPES
from shortlist.errors import DataError, DataRefused, StoreUnavailable

HEADER = "user_id,item_id,timestamp,event_type,price,quantity\n"
EVENTS = HEADER + "u1,a,2024-05-01T10:00:00Z,purchase,1.5,4\nu2,b,2024-05-02T10:00:00Z,view,,\n,b,2024-05-02,view,,\n"


def test_first_import_reads_back(home, bring_in, write):
    """What was accepted is read back in canonical columns and dtypes, and counted."""
    report = bring_in(write("events.csv", EVENTS))
    events = read_events(home)
    assert {column: str(dtype) for column, dtype in events.dtypes.items()} == EVENT_DTYPES
    assert events["user_id"].tolist() == ["u1", "u2"]
    assert (report.events.rows_read, report.events.accepted, report.events.quarantined) == (3, 2, 1)
    assert (report.n_users, report.n_items, report.event_types) == (2, 2, {"purchase": 1, "view": 1})
    assert report.first_timestamp == "2024-05-01T10:00:00+00:00"
    assert sorted(path.parent.name for path in home.events.rglob("*.parquet")) == ["date=2024-05-01", "date=2024-05-02"]


def test_rejects_keep_the_raw_row(home, bring_in, write):
    """A row set aside is kept as text with its reason, its number and its file."""
    path = write("events.csv", EVENTS + "u1,a,soon,purchase,x,4\nonly,three,fields\n")
    report = bring_in(path, config=DataConfig(max_bad_share=0.6))
    rejects = pd.read_parquet(home.rejects / f"{report.import_id}.parquet").set_index("reason")
    assert rejects["row"].to_dict() == {"MISSING_USER_ID": 3, "BAD_TIMESTAMP": 4, "MALFORMED_ROW": 5}
    assert rejects.loc["BAD_TIMESTAMP", ["timestamp", "price", "file"]].tolist() == ["soon", "x", str(path)]
    assert rejects.loc["MALFORMED_ROW", "malformed_row"] == "only,three,fields"
    assert orjson.loads((home.imports / f"{report.import_id}.json").read_bytes())["accepted"] == 2


def test_importing_twice_changes_nothing(home, bring_in, write, tree):
    """The same file again, also of catalogue and users, leaves every file as it is and says so."""
    events = write("events.csv", EVENTS)
    items, users = write("items.csv", "item_id,title\na,Tea\n"), write("users.csv", "user_id,age\nu1,40\n")
    bring_in(events, items=[items], users=[users])
    before = tree(home.root)
    report = bring_in(events, items=[items], users=[users])
    assert report.already_imported
    assert report.import_id is None
    assert tree(home.root) == before


def test_overlap_brings_only_what_is_new(home, bring_in, write):
    """Of an overlapping export the new rows are taken, and the result is the same as of one import."""
    bring_in(write("a.csv", EVENTS))
    report = bring_in(write("b.csv", EVENTS + "u3,c,2024-05-02T11:00:00Z,view,,\n"))
    assert report.events.quarantined_by_reason == {"MISSING_USER_ID": 1, "DUPLICATE": 2}
    assert report.events.accepted == 1
    assert read_events(home)["user_id"].tolist() == ["u1", "u2", "u3"]


def test_event_ids_decide(home, bring_in, write):
    """Rows of one event id are one event, whatever else differs; equal rows of different ids are two."""
    header = "event_id,user_id,item_id,timestamp,event_type\n"
    bring_in(write("a.csv", header + "1,u,a,2024-05-01T10:00:00Z,view\n2,u,a,2024-05-01T10:00:00Z,view\n"))
    report = bring_in(write("b.csv", header + "1,u,a,2024-05-09T10:00:00Z,view\n3,u,a,2024-05-01T10:00:00Z,view\n"))
    assert report.events.quarantined_by_reason == {"DUPLICATE": 1}
    assert read_events(home)["event_id"].tolist() == ["1", "2", "3"]


@pytest.mark.parametrize("is_there", [True, False])
def test_refusal_leaves_the_home_untouched(home, bring_in, write, tree, is_there):
    """A file of mostly bad rows is refused, and not a byte of the home changes, nor is one created."""
    if is_there:
        bring_in(write("good.csv", EVENTS))
    before = tree(home.root)
    with pytest.raises(DataRefused, match=r"2 of 3 rows .*BAD_TIMESTAMP 2"):
        bring_in(write("bad.csv", HEADER + "u,a,soon,view,,\nu,a,later,view,,\nu,a,2024-05-01,view,1,\n"))
    assert tree(home.root) == before
    assert home.root.exists() == is_there


def test_share_of_bad_rows_is_configuration(bring_in, write):
    """The configured share decides; a file without one good row is refused whatever it is."""
    two_thirds_bad = HEADER + "u,a,soon,view,,\nu,a,later,view,,\nu,a,2024-05-01,view,1,\n"
    assert bring_in(write("a.csv", two_thirds_bad), config=DataConfig(max_bad_share=0.7)).events.accepted == 1
    with pytest.raises(DataRefused, match="no row is good"):
        bring_in(write("b.csv", HEADER + ",a,2024-05-01,view,1,\n"), config=DataConfig(max_bad_share=1.0))


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


def test_cancels_reach_back_over_imports(home, bring_in, write, tree):
    """A cancel of a later import takes back what an earlier one brought, and no file of that one changes."""
    bring_in(write("a.csv", EVENTS))
    before = tree(home.events)
    report = bring_in(write("b.csv", HEADER + "u1,a,2024-05-03,refund,,-3\nu1,zzz,2024-05-03,refund,,-3\n"))
    assert (report.cancels_matched, report.cancels_unmatched, report.events.accepted) == (1, 1, 2)
    assert before.items() <= tree(home.events).items()
    events = read_events(home)
    assert events["quantity"].tolist()[0] == 1.0
    assert "cancel" not in set(events["event_type"])


def test_until_shows_nothing_later(home, bring_in, write):
    """Reading until a moment sees neither events nor cancels from it on."""
    bring_in(write("a.csv", EVENTS + "u1,a,2024-05-02T09:00:00Z,cancel,,4\n"))
    assert len(read_events(home)) == 1
    past = read_events(home, until=datetime(2024, 5, 2, 9, tzinfo=UTC), columns=["item_id", "quantity"])
    assert past.to_numpy().tolist() == [["a", 4.0]]
    with pytest.raises(DataError, match="no events before"):
        read_events(home, until=datetime(2024, 5, 1, 10, tzinfo=UTC))


def test_since_shows_nothing_earlier(home, bring_in, write):
    """The moment itself is in it; a moment without a zone is none."""
    bring_in(write("a.csv", EVENTS))
    whole = read_events(home)
    newest = whole["timestamp"].max().to_pydatetime()
    late = read_events(home, since=newest)
    assert late["timestamp"].tolist() == whole["timestamp"][whole["timestamp"] >= newest].tolist()
    assert read_events(home, since=newest, until=newest, may_be_none=True).empty
    with pytest.raises(ValueError, match="time zone"):
        read_events(home, since=newest.replace(tzinfo=None))


def test_no_events_names_the_remedy(home):
    """An empty home is answered with the commands that fill it."""
    with pytest.raises(DataError, match=r"shortlist import .*shortlist demo"):
        read_events(home)
    assert not home.root.exists()


def test_order_of_the_file_is_kept_within_a_moment(home, bring_in, write):
    """What a user did at one moment is read back in the order of the file, whatever the items' names."""
    rows = [f"u1,{item},2024-05-01,view,,\n" for item in ("c", "a", "b", "é", "0")]
    bring_in(write("a.csv", HEADER + "".join(rows)))
    assert read_events(home)["item_id"].tolist() == ["c", "a", "b", "é", "0"]
    assert "place" not in read_events(home)


def test_events_without_a_place_are_read(home, bring_in, write):
    """A file that release 0.1 stored, which kept no place, is read by item."""
    bring_in(write("a.csv", HEADER + "u1,c,2024-05-01,view,,\nu1,a,2024-05-01,view,,\n"))
    (stored,) = home.events.rglob("*.parquet")
    pq.write_table(pq.read_table(stored).drop_columns(["place"]), stored)
    home.stored_files.unlink()
    assert read_events(home)["item_id"].tolist() == ["a", "c"]


def test_fingerprint_is_of_content(home, bring_in, write, tmp_path):
    """Order of rows of several moments and number of imports leave the fingerprint; any changed value does not."""
    bring_in(write("a.csv", EVENTS))
    bring_in(write("b.csv", HEADER + "u3,c,2024-05-01T11:00:00Z,view,,\n"))
    events = read_events(home)
    mark = events_fingerprint(events)
    assert events_fingerprint(events.sample(frac=1.0, random_state=1)) == mark
    assert events_fingerprint(events.assign(quantity=events["quantity"].fillna(0.0))) != mark
    assert events_fingerprint(events.assign(user_id=["u", "1u3", "u2"])) != mark


def test_catalogue_is_upserted(home, bring_in, write):
    """Later rows win by id, in a file and over imports; an item row without an id is set aside."""
    header = "product_id,name,product_category,price,stock_status\n"
    first = header + "a,Tea,Food > Tea,1.5,in stock\na,Green tea,Food|Tea,2,0\n,x,,,\n"
    report = bring_in(items=[write("a.csv", first)])
    assert report.items.quarantined_by_reason == {"MISSING_ITEM_ID": 1, "DUPLICATE": 1}
    assert report.items.rows_read == report.items.accepted + report.items.quarantined
    bring_in(items=[write("b.csv", "item_id,title,price\nb,Cup,none\n")])
    items = read_items(home)
    assert {column: str(dtype) for column, dtype in items.dtypes.items()} == ITEM_DTYPES
    assert items["title"].tolist() == ["Green tea", "Cup"]
    assert items["category"].tolist()[0] == "Food > Tea"
    assert items["availability"].tolist() == [False, True]
    assert items["price"].isna().tolist() == [False, True]


def test_variants_inherit_from_their_parent(home, bring_in, write):
    """A variant has its parent's category and brand where it has none, named by id or by WooCommerce's number."""
    text = (
        "ID,SKU,Name,Categories,Brand,Parent\n10,shirt,Shirt,Clothes > Shirts,Loom,\n"
        "11,shirt-s,Shirt S,,,id:10\n12,shirt-m,Shirt M,,Own,shirt\n13,cap,Cap,,,id:99\n"
    )
    bring_in(items=[write("a.csv", text)], columns={"item_id": "SKU"})
    items = read_items(home).set_index("item_id")
    assert items.loc["shirt-s", ["title", "category", "brand", "group_id"]].tolist() == [
        *("Shirt S", "Clothes > Shirts"),
        *("Loom", "shirt"),
    ]
    assert items.loc["shirt-m", ["category", "brand", "group_id"]].tolist() == ["Clothes > Shirts", "Own", "shirt"]
    assert pd.isna(items.loc["cap", "category"])


def test_the_catalogue_s_right_column_is_pointed_out(bring_in, write):
    """Where no event finds its item, a column that holds the ids is named with the option that takes it."""
    items = write("items.csv", "ID,Our SKU,Name\n10,a,Tea\n11,b,Cup\n")
    report = bring_in(write("a.csv", EVENTS), items=[items])
    assert report.unjoined_events == 2
    (told,) = [one for one in report.warnings if "Our SKU holds" in one]
    assert "the ids of 100%" in told
    assert "--map 'item_id=Our SKU'" in told


def test_an_item_s_id_keeps_the_rules_of_an_event_s(home, bring_in, write):
    """An id with a line break within, which no request could ask for, is set aside in the catalogue too."""
    report = bring_in(items=[write("a.csv", 'item_id,title\n"a\nb",Tea\nc,Cup\n')])
    assert report.items.quarantined_by_reason == {"BAD_ID": 1}
    assert read_items(home)["item_id"].tolist() == ["c"]


PRODUCTS = "item_id,title,price,stock_status,brand\na,Tea,1.5,12,Leaf\nb,Cup,4,in stock,\nc,Pot,9,0,Clay\n"


def test_a_file_changes_only_what_it_has(home, bring_in, write):
    """A stock feed changes stock alone, of the items it names; a blank cell leaves what is stored."""
    bring_in(items=[write("a.csv", PRODUCTS)])
    report = bring_in(items=[write("stock.csv", "item_id,availability,brand\na,out of stock,\nb,,Kiln\nd,,\n")])
    items = read_items(home).set_index("item_id")
    assert items["title"].tolist()[:3] == ["Tea", "Cup", "Pot"]
    assert items["price"].tolist()[:3] == [1.5, 4.0, 9.0]
    assert items["brand"].tolist()[:3] == ["Leaf", "Kiln", "Clay"]
    assert items["availability"].tolist() == [False, True, False, True]
    found = report.catalog
    assert (found.new, found.changed, found.not_in_file, found.discontinued) == (1, 2, 1, 0)


def test_the_whole_catalogue_discontinues_the_rest(home, bring_in, write):
    """With --replace the file's rows stand alone, other items are discontinued, and a later file brings one back."""
    bring_in(items=[write("a.csv", PRODUCTS)])
    report = bring_in(items=[write("b.csv", "item_id,title\na,Green tea\n")], is_whole_catalog=True)
    items = read_items(home).set_index("item_id")
    assert items["discontinued"].tolist() == [False, True, True]
    assert items["title"].tolist() == ["Green tea", "Cup", "Pot"]
    assert items["price"].isna().tolist() == [True, False, False]
    assert (report.catalog.not_in_file, report.catalog.discontinued) == (2, 2)
    bring_in(items=[write("c.csv", "item_id,availability\nb,in stock\nc,discontinued\n")])
    items = read_items(home).set_index("item_id")
    assert items["discontinued"].tolist() == [False, False, True]
    assert items["availability"].tolist() == [True, True, False]


def test_a_catalogue_of_the_first_release_is_read(home, bring_in, write):
    """A stored catalogue without the column has no discontinued items."""
    bring_in(items=[write("a.csv", PRODUCTS)])
    pq.write_table(pq.read_table(home.items).drop_columns(["discontinued"]), home.items)
    home.stored_files.unlink()
    assert read_items(home)["discontinued"].tolist() == [False] * 3


@pytest.mark.parametrize(
    ("name", "text", "category", "tags"),
    [
        (
            "a.csv",
            "ITEM_ID,PRICE,CATEGORY_L1,CATEGORY_L2,CREATION_TIMESTAMP\na,1,Food,Tea,1714557600\n",
            "Food > Tea",
            None,
        ),
        (
            "a.jsonl",
            '{"id":"a","categories":["Food > Tea"],"tags":["x","y"],"availability":"OUT_OF_STOCK"}',
            "Food > Tea",
            "x|y",
        ),
        ("b.jsonl", '{"id":"a","category":["Food","Tea"],"priceInfo":{"price":2}}', "Food > Tea", None),
    ],
)
def test_catalogues_of_vendors(home, bring_in, write, name, text, category, tags):
    """Levels, lists and paths give one category; lists of tags are joined."""
    bring_in(items=[write(name, text)])
    item = read_items(home).iloc[0]
    assert item["category"] == category
    assert item["tags"] == tags or (tags is None and pd.isna(item["tags"]))


def test_users_keep_their_attributes(home, bring_in, write):
    """Every other column of users is an attribute; new ones join the old, and blank cells leave them."""
    bring_in(users=[write("a.csv", "user_id,age\nu1,40\nu2,50\n")])
    bring_in(users=[write("b.csv", "USER_ID,city\nu2,Rome\n")])
    assert read_users(home).fillna("").to_numpy().tolist() == [["u1", "40", ""], ["u2", "50", "Rome"]]


def test_empty_catalogue_has_its_columns(home):
    """Without a catalogue there are no rows, but the columns are there."""
    assert list(read_items(home).columns) == list(ITEM_DTYPES)
    assert list(read_users(home).columns) == ["user_id"]


def test_unjoined_events_are_kept(home, bring_in, write):
    """Events of items that the catalogue lacks are kept and counted; without a catalogue there is no count."""
    assert bring_in(write("a.csv", EVENTS)).unjoined_events is None
    report = bring_in(
        write("b.csv", HEADER + "u,x,2024-05-01,view,,\nu,a,2024-05-01,view,,\n"),
        items=[write("i.csv", "item_id\na\n")],
    )
    assert (report.unjoined_events, report.unjoined_items) == (1, 1)
    assert len(read_events(home)) == 4


def test_excluded_users(home, bring_in, write):
    """Events of a user who is no customer are set aside, counted, and break no contract."""
    report = bring_in(write("a.csv", EVENTS), config=DataConfig(excluded_users=("u1",)))
    assert report.events.quarantined_by_reason["EXCLUDED_USER"] == 1
    assert "u1" not in set(read_events(home)["user_id"])


def test_excluded_categories(home, bring_in, write):
    """Events of a category or below it are set aside; a category that only begins alike is not."""
    items = write("items.csv", "item_id,category\na,FUEL > X\nb,FUELS\n")
    report = bring_in(write("a.csv", EVENTS), items=[items], config=DataConfig(excluded_categories=("FUEL",)))
    assert report.events.quarantined_by_reason == {"MISSING_USER_ID": 1, "EXCLUDED_CATEGORY": 1}
    assert read_events(home)["item_id"].tolist() == ["b"]


def test_one_importer_at_a_time(home, bring_in, write, tree):
    """While another process holds the lock an import says so and changes nothing."""
    bring_in(write("a.csv", EVENTS))
    before = tree(home.root)
    with home.import_lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreUnavailable, match="another import is running"):
            bring_in(write("b.csv", HEADER + "u9,a,2024-05-01,view,,\n"))
        assert tree(home.root) == before
        assert len(read_events(home)) == 2


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


def test_events_without_a_catalogue_item_are_warned_of(bring_in, write):
    """Where no event finds its item the warning shows both spellings, or an example of each side."""
    events = write("a.csv", HEADER + "u,108775001,2024-05-01,view,,\n")
    report = bring_in(events, items=[write("items.csv", "item_id,title\n0108775001,Top\n")])
    assert any("108775001 and 0108775001" in one for one in report.warnings)


def test_events_of_another_catalogue_are_warned_of(bring_in, write):
    """An example of each side stands in the warning."""
    report = bring_in(
        write("a.csv", HEADER + "u,x,2024-05-01,view,,\n"), items=[write("i.csv", "item_id,title\ny,Top\n")]
    )
    assert any("none of the 1 events finds its item" in one and "such as x" in one for one in report.warnings)


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


def test_known_events_beside_a_new_catalogue_are_no_obstacle(home, bring_in, write):
    """A weekly export that holds no new event, or none at all, brings its catalogue in."""
    header = "user_id,item_id,timestamp,event_type\n"
    events = write("events.csv", f"{header}u1,a,2024-05-01,view\n")
    bring_in(events)
    for number, content in enumerate((None, header)):
        again = events if content is None else write("none.csv", content)
        bring_in(again, items=[write("items.csv", f"item_id,title\na,Tea {number}\n")])
        assert read_items(home)["title"].tolist() == [f"Tea {number}"]
    assert len(read_events(home)) == 1


def test_fingerprints_of_before_are_known(home, bring_in, write):
    """A bundle of the first releases names its events by another hash, which still tells them from others."""
    bring_in(write("a.csv", EVENTS))
    events = read_events(home)
    of_release = _fingerprint_by_time(events)
    assert of_release != events_fingerprint(events)
    assert is_fingerprint_of(of_release, events)
    assert is_fingerprint_of(events_fingerprint(events), events)
    assert not is_fingerprint_of(of_release, events.iloc[1:])
