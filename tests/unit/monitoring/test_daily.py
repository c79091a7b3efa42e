"""The figures of a log's days."""

import pandas as pd

from monitoring.daily import complete_days, daily_figures, hours_of, priced
from shortlist.columns import EVENT_DTYPES


def log(*rows: tuple[str, str, str, str, float | None]) -> pd.DataFrame:
    columns = ["user_id", "item_id", "timestamp", "event_type", "price"]
    frame = pd.DataFrame(list(rows), columns=columns)
    frame["timestamp"] = pd.to_datetime(frame["timestamp"], utc=True)
    return frame.reindex(columns=list(EVENT_DTYPES)).astype(EVENT_DTYPES)


LOG = log(
    ("u1", "p1", "2026-01-01T10:00", "view", None),
    ("u1", "p1", "2026-01-01T10:20", "purchase", 5.0),
    ("u2", "p9", "2026-01-01T23:59", "purchase", None),
    ("u2", "p1", "2026-01-03T00:00", "view", None),
)


def test_each_day_has_its_figures() -> None:
    day = daily_figures(LOG, {"p1"}).loc["2026-01-01"]

    assert day["events"] == 3
    assert day["events_per_user"] == 1.5
    assert day["type purchase"] == 2 / 3
    assert day["no price"] == 0.5
    assert day["unknown_items"] == 1 / 3
    assert day["top_item"] == 2 / 3
    assert day["top_user"] == 2


def test_a_day_without_an_event_is_a_day_and_one_that_is_not_over_is_none() -> None:
    figures = complete_days(daily_figures(LOG, {"p1"}), pd.Timestamp("2026-01-03T12:00"))

    assert list(figures.index.day) == [1]
    whole = complete_days(daily_figures(LOG, {"p1"}), pd.Timestamp("2026-01-04"))
    assert list(whole["events"]) == [3, 0, 1]


def test_a_user_counts_once_in_an_hour_of_a_day() -> None:
    hours = hours_of(LOG)

    assert (hours[3 * 24 + 10], hours[3 * 24 + 23], hours[5 * 24], hours.sum()) == (1, 1, 1, 3)  # Thursday, Saturday


def test_prices_are_those_of_purchases() -> None:
    assert list(priced(LOG)["price"]) == [5.0]
