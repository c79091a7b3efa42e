import gzip
import json

import pandas as pd
import pytest

from data.store import read_events

MOMENT = pd.Timestamp("2024-05-01T10:00:00Z")
MICROSECONDS = int(MOMENT.timestamp() * 1e6)
SECONDS = int(MOMENT.timestamp())

CSV_FILES = {
    "shortlist": "user_id,item_id,timestamp,event_type,price,quantity\n001,p1,2024-05-01T10:00:00Z,purchase,2.5,2\n",
    "ga4": "event_name,event_timestamp,user_pseudo_id,user_id,item_id,items.price,items.quantity\n"
    f"purchase,{MICROSECONDS},anon,001,p1,2.5,2\n",
    "google_retail": "eventType,visitorId,userInfo.userId,eventTime,productDetails[].product.id,"
    "productDetails[].product.priceInfo.price,productDetails[].quantity\n"
    "purchase-complete,anon,001,2024-05-01T10:00:00Z,p1,2.5,2\n",
    "personalize": f"USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,QUANTITY\n001,p1,{SECONDS},Purchase,2.5,2\n",
    "recombee": f"userId,itemId,timestamp,interactionType,amount,price,recommId\n001,p1,{SECONDS},purchase,2,5.0,\n",
}
EXPECTED = {
    "user_id": "001",
    "item_id": "p1",
    "timestamp": MOMENT,
    "event_type": "purchase",
    "price": 2.5,
    "quantity": 2.0,
}


@pytest.mark.parametrize("name", CSV_FILES)
@pytest.mark.parametrize("given", ["auto", None])
def test_each_format_is_read_the_same(home, bring_in, write, name, given):
    """One purchase in each vendor's columns, recognised or named, is one canonical event."""
    path = write("events.csv", CSV_FILES[name])
    report = bring_in(path, format_name=given or name)
    assert report.formats == {str(path): name}
    row = read_events(home).iloc[0]
    assert {column: row[column] for column in EXPECTED} == EXPECTED


def test_the_kind_of_file_changes_nothing(home, bring_in, write, tmp_path):
    """The same rows as CSV, gzip, JSON lines, Parquet and a folder of parts are known after the first."""
    text = write("events.csv", CSV_FILES["shortlist"])
    frame = pd.read_csv(text, dtype={"user_id": "str"}, parse_dates=["timestamp"])
    (tmp_path / "events.csv.gz").write_bytes(gzip.compress(text.read_bytes()))
    lines = "".join(json.dumps({**row, "timestamp": "2024-05-01T10:00:00Z"}) + "\n" for row in frame.to_dict("records"))
    (tmp_path / "events.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "parts").mkdir()
    frame.to_parquet(tmp_path / "parts" / "part-0.parquet")
    assert bring_in(text).events.accepted == 1
    for other in ("events.csv.gz", "events.jsonl.gz", "parts"):
        report = bring_in(tmp_path / other)
        assert report.events.quarantined_by_reason == {"DUPLICATE": 1}
        assert report.already_imported


def test_ga4_items_become_rows(home, bring_in, write):
    """Each item of a GA4 event is an event; a signed-in id goes before the browser's; a page view is set aside."""
    moment = {"event_timestamp": MICROSECONDS, "user_pseudo_id": "anon"}
    basket = [{"item_id": "a", "price": 1.0, "quantity": 1}, {"item_id": "b", "price": 2.0, "quantity": 3}]
    records = [
        {"event_name": "purchase", **moment, "user_id": "u1", "items": basket},
        {"event_name": "view_item", **moment, "items": [{"item_id": "a"}]},
        {"event_name": "page_view", **moment, "items": []},
        {"event_name": "refund", **moment, "user_id": "u1", "items": [{"item_id": "b", "quantity": 1}]},
    ]
    report = bring_in(write("ga4.jsonl", "\n".join(map(json.dumps, records))))
    assert report.events.quarantined_by_reason == {"IGNORED_EVENT_TYPE": 1}
    assert report.cancels_matched == 1
    events = read_events(home)
    assert sorted(zip(events["user_id"], events["item_id"], events["event_type"], strict=True)) == [
        ("anon", "a", "view"),
        ("u1", "a", "purchase"),
        ("u1", "b", "purchase"),
    ]
    assert events.loc[events["item_id"] == "b", "quantity"].tolist() == [2.0]


def test_google_retail_nested(home, bring_in, write):
    """Nested user events of several products are read; a home page view has no item and is set aside."""
    records = [
        {"eventType": "add-to-cart", "visitorId": "v", "eventTime": "2024-05-01T10:00:00Z", "eventId": "e1",
         "productDetails": [{"product": {"id": "a"}, "quantity": 1}, {"product": {"id": "b"}, "quantity": 1}]},
        {"eventType": "home-page-view", "visitorId": "v", "eventTime": "2024-05-01T10:00:00Z"},
    ]  # fmt: skip
    report = bring_in(write("retail.jsonl", "\n".join(map(json.dumps, records))))
    assert report.events.quarantined_by_reason == {"IGNORED_EVENT_TYPE": 1}
    events = read_events(home)
    assert events["item_id"].tolist() == ["a", "b"]
    assert set(events["event_type"]) == {"add_to_cart"}
    assert events["event_id"].tolist() == ["e1#1", "e1#2"]


def test_recombee_ratings(home, bring_in, write):
    """A rating below zero is a dislike, one above a wish; other interactions keep their names."""
    text = (
        "userId,itemId,timestamp,type,rating\n"
        f"u,a,{SECONDS},rating,-0.5\nu,b,{SECONDS},rating,1\nu,c,2024-05-01T10:00:00Z,detailview,\nu,d,{SECONDS},bookmark,\n"
    )
    bring_in(write("recombee.csv", text))
    events = read_events(home).set_index("item_id")["event_type"].to_dict()
    assert events == {"a": "dislike", "b": "wishlist", "c": "view", "d": "wishlist"}


def test_ids_are_kept_as_text(home, bring_in, write):
    """No id of a CSV file turns into a number, a missing value or a date."""
    ids = ["00123", "NA", "1e5", "2024-01-01", "True"]
    rows = "".join(f"{one},{one},2024-05-01T10:00:00Z,view\n" for one in ids)
    bring_in(write("events.csv", "user_id,item_id,timestamp,event_type\n" + rows))
    events = read_events(home)
    assert sorted(events["user_id"]) == sorted(ids)
    assert sorted(events["item_id"]) == sorted(ids)


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_array_is_read(home, bring_in, write, indent):
    """One array of records, on one line or many, is as good as a record a line; what is no record is malformed."""
    records = [{"user_id": f"u{n}", "item_id": "a", "timestamp": "2024-05-01", "event_type": "view"} for n in range(3)]
    report = bring_in(write("events.json", json.dumps([*records, 5], indent=indent)))
    assert (report.events.accepted, report.events.quarantined_by_reason) == (3, {"MALFORMED_ROW": 1})


def test_integer_ids_with_gaps(home, bring_in, tmp_path):
    """A numeric id column that became float because one is missing gives 123, not 123.0."""
    frame = pd.DataFrame({"user_id": [123.0, None], "item_id": [7, 8], "timestamp": [MOMENT] * 2, "event_type": "view"})
    frame.to_parquet(tmp_path / "events.parquet")
    report = bring_in(tmp_path / "events.parquet")
    assert report.events.quarantined_by_reason == {"MISSING_USER_ID": 1}
    assert read_events(home)[["user_id", "item_id"]].to_numpy().tolist() == [["123", "7"]]


def test_orders_stand_for_sessions(home, bring_in, write):
    """An order's number is the session where there is none; a session id goes before it."""
    header = "user_id,item_id,timestamp,event_type,order_id"
    bring_in(write("a.csv", f"{header}\nu,a,2024-05-01,view,o1\n"))
    bring_in(write("b.csv", f"{header},session_id\nu,b,2024-05-01,view,o1,s1\n"))
    assert read_events(home)["session_id"].tolist() == ["o1", "s1"]


def test_several_formats_at_once(home, bring_in, write):
    """Each file is recognised by itself."""
    paths = [write(f"{name}.csv", text) for name, text in CSV_FILES.items()]
    report = bring_in(*paths)
    assert list(report.formats.values()) == list(CSV_FILES)
    assert report.events.rows_read == 5
    assert report.events.accepted + report.events.quarantined == 5
