"""Single events keep the rules of files, and none depends on its neighbours."""

from datetime import UTC, datetime
from typing import Any

import pytest

from data.reasons import Reason
from data.settings import DataConfig
from data.single_events import CheckedEvents, check_events, events_of

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
GOOD = {"user_id": "u1", "item_id": "a", "event_type": "view", "timestamp": "2026-11-26T10:00:00Z"}


def check(*records: object, consents: bool = True, **config: Any) -> CheckedEvents:
    """Check some records."""
    return check_events(records, DataConfig(**config), NOW, consents=consents)


def event(record: dict[str, Any]) -> dict[str, Any]:
    """The canonical event of one good record."""
    found = check(record)
    assert found.refused == {}
    (row,) = events_of(list(found.entries.values())).to_dict("records")
    return row


@pytest.mark.parametrize(
    "record",
    [
        GOOD,
        {"userId": "u1", "productId": "a", "eventName": "product-view", "timestamp": "2026-11-26T11:00:00+01:00"},
        {"USER_ID": " u1 ", "sku": "a", "event": "viewed", "timestamp": 1795687200},
        {"user_id": "u1", "item_id": "a", "event_type": "view", "timestamp": "2026-11-26T10:00:00"},
    ],
)
def test_spellings_of_one_event(record: dict[str, Any]) -> None:
    """Names, types and times as vendors write them."""
    found = event(record)
    assert (found["user_id"], found["item_id"], found["event_type"]) == ("u1", "a", "view")
    assert found["timestamp"] == datetime(2026, 11, 26, 10, tzinfo=UTC)


def test_a_missing_time_is_now_and_numbers_are_read() -> None:
    """Ids may be numbers; a price has a decimal point."""
    found = event({"user_id": 73.0, "item_id": 5, "event_type": "purchase", "price": "$1,245.50", "quantity": 2})
    assert (found["user_id"], found["item_id"], found["price"], found["quantity"]) == ("73", "5", 1245.5, 2.0)
    assert found["timestamp"] == NOW


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user_id": None}, Reason.MISSING_USER_ID),
        ({"user_id": "guest"}, Reason.MISSING_USER_ID),
        ({"user_id": {"a": 1}}, Reason.MISSING_USER_ID),
        ({"item_id": ""}, Reason.MISSING_ITEM_ID),
        ({"timestamp": "yesterday"}, Reason.BAD_TIMESTAMP),
        ({"timestamp": True}, Reason.BAD_TIMESTAMP),
        ({"timestamp": 1e300}, Reason.BAD_TIMESTAMP),
        ({"timestamp": "2027-11-26T10:00:00Z"}, Reason.TIMESTAMP_IN_FUTURE),
        ({"timestamp": -1}, Reason.TIMESTAMP_TOO_OLD),
        ({"event_type": "sneeze"}, Reason.UNKNOWN_EVENT_TYPE),
        ({"event_type": None}, Reason.UNKNOWN_EVENT_TYPE),
        ({"event_type": "scroll"}, Reason.IGNORED_EVENT_TYPE),
        ({"event_type": "purchase", "quantity": 0}, Reason.QUANTITY_NOT_POSITIVE),
        ({"quantity": 1e9}, Reason.QUANTITY_ABSURD),
        ({"item_id": "a" * 257}, Reason.ID_TOO_LONG),
        ({"item_id": "a\nb"}, Reason.BAD_ID),
        ({"user_id": "robot"}, Reason.EXCLUDED_USER),
    ],
)
def test_what_is_wrong_is_refused_alone(changes: dict[str, Any], reason: Reason) -> None:
    """Between two good ones, which are kept."""
    found = check(GOOD, GOOD | changes, GOOD | {"item_id": "b"}, excluded_users=("robot",))
    assert found.refused == {1: reason}
    assert sorted(found.entries) == [0, 2]


@pytest.mark.parametrize("record", [3, "text", None, ["a"]])
def test_what_is_no_object_is_malformed(record: object) -> None:
    """Whatever it is."""
    assert check(record).refused == {0: Reason.MALFORMED_ROW}


def test_nothing_of_those_who_do_not_consent_is_kept() -> None:
    """Neither as an event nor as a mistake; who says nothing is as the shop says."""
    records = (
        GOOD | {"consent": False},
        GOOD | {"consent": True, "item_id": "b"},
        GOOD | {"item_id": "c"},
        {"consent": False},
    )
    found = check(*records)
    assert (found.withheld, sorted(found.entries), found.refused) == ((0, 3), [1, 2], {})
    strict = check(*records, consents=False)
    assert (strict.withheld, sorted(strict.entries)) == ((0, 2, 3), [1])


def test_the_key_is_the_event_id_or_the_content() -> None:
    """The same event has the same key, however it was written; another has another."""
    named = check(GOOD | {"event_id": "e1"}, GOOD | {"event_id": "e1", "item_id": "b"}).entries
    assert {one.key for one in named.values()} == {"e1"}
    same = check(GOOD, GOOD | {"timestamp": "2026-11-26T11:00:00+01:00"}, GOOD | {"item_id": "b"}).entries
    assert same[0] == same[1]
    assert same[0].key != same[2].key


def test_nothing_given_is_nothing_found() -> None:
    """No record, no answer."""
    assert check() == CheckedEvents({}, {}, ())
