"""Items and users beside events: what is stored of them, and what is said where they do not fit."""

import pandas as pd
import pyarrow.parquet as pq
import pytest
from event_files import EVENTS, HEADER

from data.catalog import read_items, read_users
from data.settings import DataConfig
from data.store import read_events
from shortlist.columns import ITEM_DTYPES


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


def test_excluded_categories(home, bring_in, write):
    """Events of a category or below it are set aside; a category that only begins alike is not."""
    items = write("items.csv", "item_id,category\na,FUEL > X\nb,FUELS\n")
    report = bring_in(write("a.csv", EVENTS), items=[items], config=DataConfig(excluded_categories=("FUEL",)))
    assert report.events.quarantined_by_reason == {"MISSING_USER_ID": 1, "EXCLUDED_CATEGORY": 1}
    assert read_events(home)["item_id"].tolist() == ["b"]


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
