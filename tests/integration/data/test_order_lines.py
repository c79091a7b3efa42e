"""Exports whose orders name customer and time on their first line only."""

import pandas as pd
import pytest

from data.store import read_events
from shortlist.errors import DataRefused

SHOPIFY = (
    "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n"
    "#1,a@x.example,paid,2024-05-01 10:00:00 +0200,1,Tea,2.5,T\n"
    "#1,,,,2,Cup,4,C\n"
    "#2,b@x.example,refunded,2024-05-02 10:00:00 +0200,1,Tea,2.5,T\n"
    "#2,b@x.example,,,1,Pot,9,\n"
    "#3,c@x.example,pending,2024-05-03 10:00:00 +0200,1,Tea,2.5,T\n"
    "#4,,,,1,Tea,2.5,T\n"
)


def test_lines_of_a_shopify_order_have_its_customer_time_and_state(home, bring_in, write):
    """Paid orders are purchases, refunded ones take nothing, pending ones are passed over; a lone line is named."""
    report = bring_in(write("orders.csv", SHOPIFY), event_type="purchase")
    assert report.formats == {report.events.examples[0]["file"]: "shopify"}
    assert report.events.quarantined_by_reason == {"IGNORED_EVENT_TYPE": 1, "ORDER_LINE_ALONE": 1}
    events = read_events(home)
    assert events[["user_id", "item_id", "quantity"]].to_numpy().tolist() == [
        ["a@x.example", "T", 1.0],
        ["a@x.example", "C", 2.0],
    ]
    assert set(events["timestamp"]) == {pd.Timestamp("2024-05-01T08:00:00Z")}
    assert any("2 rows are further lines of an order" in warning for warning in report.warnings)
    assert report.event_types == {"purchase": 2, "cancel": 2}


def test_any_export_with_an_order_number_is_read_alike(home, bring_in, write):
    """What counts is the order's number; a line of another customer, or of an unreadable time, is not filled."""
    text = (
        "Order ID,user_id,item_id,timestamp\n"
        "1,u,a,2024-05-01\n1,u,b,\n1,,c,\n1,v,d,\n1,u,e,soon\n2,,f,2024-05-02\n2,w,g,\n3,u,a,2024-05-09\n"
    )
    report = bring_in(write("orders.csv", text), event_type="purchase")
    assert read_events(home)[["user_id", "item_id"]].to_numpy().tolist() == [["u", one] for one in "abca"]
    assert report.events.quarantined_by_reason == {"MISSING_USER_ID": 1, "BAD_TIMESTAMP": 3}


def test_lines_without_a_known_order_say_what_to_name(bring_in, write):
    """They are never taken for guests."""
    path = write("orders.csv", "Ref,user_id,item_id,timestamp\n1,u,a,2024-05-01\n1,,b,\n1,,c,\n")
    with pytest.raises(DataRefused, match=r"ORDER_LINE_ALONE 2.*--map session_id=COLUMN") as refused:
        bring_in(path, event_type="purchase")
    assert "guests" not in str(refused.value)
    assert bring_in(path, event_type="purchase", columns={"session_id": "Ref"}).events.accepted == 3


def test_a_refund_finds_the_order_that_it_names(home, bring_in, write):
    """A refund dated to the day, before the hour of its purchase, takes the purchase of its order and no other."""
    text = (
        "order_id,user_id,item_id,timestamp,event_type\n"
        "1,u,a,2024-05-01T10:00:00Z,purchase\n1,u,a,2024-05-01,refund\n"
        "2,u,b,2024-05-01T10:00:00Z,purchase\n3,u,b,2024-05-01,refund\n"
    )
    report = bring_in(write("orders.csv", text))
    assert (report.cancels_matched, report.cancels_unmatched) == (1, 1)
    assert read_events(home)["item_id"].tolist() == ["b"]
