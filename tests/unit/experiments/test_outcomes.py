"""Served lists joined with events."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from experiments.outcomes import category_distances, outcomes_of, summary_of
from shortlist.columns import EVENT_DTYPES

START = datetime(2026, 5, 1, tzinfo=UTC)


def lists(*rows: tuple[str, str | None, float, list[str]], variant: str = "control") -> pd.DataFrame:
    """Exposures: id, user, hours after the start, items."""
    frame = pd.DataFrame(
        {
            "recommendation_id": [one[0] for one in rows],
            "user": pd.Series([one[1] for one in rows], dtype="str"),
            "shown_at": pd.to_datetime([START + timedelta(hours=one[2]) for one in rows]).as_unit("us"),
            "item_ids": [one[3] for one in rows],
        }
    )
    return frame.assign(variant=variant, source="personalized")


def events(*rows: dict[str, object]) -> pd.DataFrame:
    """Events of user u with item a, one hour after the start."""
    usual = {"user_id": "u", "item_id": "a", "event_type": "click", "hours": 1.0}
    records = [usual | row for row in rows]
    for one in records:
        one["timestamp"] = START + timedelta(hours=float(str(one.pop("hours"))))
    return pd.DataFrame(records, columns=list(EVENT_DTYPES)).astype(EVENT_DTYPES)


def counts(exposures: pd.DataFrame, found: pd.DataFrame, column: str = "clicks", hours: float = 24) -> dict[str, int]:
    """How many of a kind each list has."""
    joined = outcomes_of(exposures, found, {}, hours)
    return dict(zip(joined["recommendation_id"], joined[column], strict=True))


TWO = lists(("r1", "u", 0, ["a", "b"]), ("r2", "u", 0.5, ["a"]))


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        ({}, {"r1": 0, "r2": 1}),
        ({"item_id": "b"}, {"r1": 1, "r2": 0}),
        ({"hours": 0.25}, {"r1": 1, "r2": 0}),
        ({"recommendation_id": "r1"}, {"r1": 1, "r2": 0}),
        ({"recommendation_id": "r1", "hours": 99.0}, {"r1": 1, "r2": 0}),
        ({"recommendation_id": "r2", "item_id": "b"}, {"r1": 1, "r2": 0}),
        ({"recommendation_id": "r2", "user_id": "v"}, {"r1": 0, "r2": 1}),
        ({"recommendation_id": "elsewhere"}, {"r1": 0, "r2": 1}),
        ({"item_id": "c"}, {"r1": 0, "r2": 0}),
        ({"user_id": "v"}, {"r1": 0, "r2": 0}),
        ({"hours": -1.0}, {"r1": 0, "r2": 0}),
        ({"hours": 24.6}, {"r1": 0, "r2": 0}),
        ({"event_type": "impression"}, {"r1": 0, "r2": 0}),
    ],
)
def test_which_list_an_event_counts_for(event: dict[str, object], wanted: dict[str, int]) -> None:
    """The one that it names, if the item was in it; else the last one that showed the item, within the window."""
    assert counts(TWO, events(event)) == wanted


def test_lists_of_nobody_count_by_their_id_alone() -> None:
    """Nobody's last list is not that of a user without a name."""
    shown = lists(("r1", None, 0, ["a"]))
    assert counts(shown, events({"recommendation_id": "r1"}, {})) == {"r1": 1}


def test_money_and_kinds() -> None:
    """Revenue is of purchases, a quantity that is not known is one; margin is of items that have a cost."""
    found = events(
        {"event_type": "view"},
        {"event_type": "add_to_cart"},
        {"event_type": "purchase", "price": 3.0, "quantity": 2.0},
        {"event_type": "purchase", "item_id": "b", "price": 5.0},
    )
    shown = lists(("r1", "u", 0, ["a", "b"]), ("r2", "v", 0, ["a"]), ("r3", "u", 0, []))
    first = outcomes_of(shown, found, {"a": 1.0}, 24).set_index("recommendation_id")
    columns = ["n_items", "clicks", "carts", "purchases", "revenue", "margin"]
    assert first.loc["r1", columns].tolist() == [2, 1, 1, 2, 11, 4]
    assert first.loc["r2", ["clicks", "revenue"]].tolist() == [0, 0]
    assert first["margin"].isna().tolist() == [False, True, True]
    assert outcomes_of(shown, found, {}, 24)["margin"].isna().all()


def test_without_lists_or_events_there_is_nothing() -> None:
    """And no error."""
    assert counts(TWO, events()) == {"r1": 0, "r2": 0}
    assert outcomes_of(TWO.iloc[:0], events({}), {}, 24).empty


def test_rates_are_of_lists_and_users() -> None:
    """By variant: shares of lists with at least one, money for each list and each user."""
    shown = pd.concat(
        [lists(("r1", "u", 0, ["a"]), ("r2", "u", 2, ["b"])), lists(("r3", "v", 0, ["a"]), variant="trial:new")]
    )
    found = events({}, {}, {"event_type": "purchase", "price": 4.0}, {"user_id": "v", "event_type": "purchase"})
    rows = summary_of(outcomes_of(shown.reset_index(drop=True), found, {}, 24), "variant").to_dict("index")
    assert rows["control"] == {
        "lists": 2,
        "users": 1,
        "click_rate": 0.5,
        "cart_rate": 0.0,
        "conversion_rate": 0.5,
        "revenue_per_list": 2.0,
        "revenue_per_user": 4.0,
        "margin_per_list": None,
    }
    assert (rows["trial:new"]["click_rate"], rows["trial:new"]["conversion_rate"]) == (0.0, 1.0)


def test_a_list_of_one_category_has_no_distance() -> None:
    """Items without a category are left out, and lists without a pair."""
    shown = lists(("r1", "u", 0, ["a", "b"]), ("r2", "u", 0, ["a", "b", "c"]), ("r3", "u", 0, ["a", "x"]))
    found = category_distances(shown, pd.Series({"a": "food", "b": "food", "c": "toys", "x": ""}))
    assert found.to_dict() == {"r1": 0.0, "r2": pytest.approx(2 / 3)}
