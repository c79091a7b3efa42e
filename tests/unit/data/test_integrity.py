"""Events that no person makes."""

import pandas as pd
import pytest

from data.integrity import IntegrityConfig, flagged, flagged_accounts, habits_of, without_flagged
from shortlist.columns import EVENT_DTYPES

START = pd.Timestamp("2026-05-04T10:00", tz="UTC")
CONFIG = IntegrityConfig()


def looks(user: str, n: int, every: float, *, item: str | None = None, start: pd.Timestamp = START) -> pd.DataFrame:
    """Views of a user, so many seconds apart, of different items or of one."""
    times = start + pd.to_timedelta([number * every for number in range(n)], unit="s")
    items = [item or f"p{number}" for number in range(n)]
    frame = pd.DataFrame({"user_id": user, "item_id": items, "timestamp": times, "event_type": "view"})
    return frame.reindex(columns=list(EVENT_DTYPES)).astype(EVENT_DTYPES)


def log(*parts: pd.DataFrame) -> pd.DataFrame:
    """People who look around, and others."""
    people = [looks(f"u{number}", 30, 40) for number in range(20)]
    return pd.concat([*people, *parts], ignore_index=True)


def test_people_are_not_flagged() -> None:
    assert (flagged(log(), CONFIG) == "").all()
    assert without_flagged(log(), CONFIG).equals(log())


@pytest.mark.parametrize(
    ("robot", "rule"),
    [
        (looks("bot", 10_000, 1), "looks_per_hour"),
        (looks("bot", 60, 0.01), "looks_per_second"),
        (looks("bot", 600, 60, item="p1"), "looks_at_item"),
    ],
)
def test_a_robot_s_day_counts_for_nothing(robot: pd.DataFrame, rule: str) -> None:
    later = looks("bot", 5, 60, start=START + pd.Timedelta(days=3))
    events = log(robot, later)

    found = flagged(events, CONFIG)

    assert set(found[found != ""]) == {rule}
    assert (found != "").sum() == len(robot)
    (account,) = flagged_accounts([events], CONFIG, habits_of(events, CONFIG)).to_dict("records")
    assert (account["user_id"], account["events"], account["first"]) == ("bot", len(robot), START)
    assert len(without_flagged(events, CONFIG)) == len(events) - len(robot)


def test_what_a_robot_buys_stays() -> None:
    robot = looks("bot", 60, 0.01)
    robot.loc[3, "event_type"] = "purchase"

    assert flagged(log(robot), CONFIG).iloc[-57] == ""


def test_dates_without_a_clock_say_nothing_of_speed() -> None:
    events = pd.concat([looks(f"u{number}", 80, 0, start=START.floor("D")) for number in range(3)], ignore_index=True)

    assert (flagged(events, CONFIG) == "").all()


def test_a_session_of_many_users_is_one_robot() -> None:
    shared = pd.concat([looks(f"x{number}", 1, 1).assign(session_id="s") for number in range(30)])
    own = [looks(f"u{n}", 2, 60).assign(session_id=f"own-{n}") for n in range(200)]

    found = flagged(pd.concat([*own, shared], ignore_index=True), CONFIG)

    assert set(found.iloc[-30:]) == {"users_per_session"}
    assert (found.iloc[:-30] == "").all()
    numbered = [looks(f"u{n}", 2, 60).assign(session_id="1") for n in range(200)]
    assert (flagged(pd.concat(numbered, ignore_index=True), CONFIG) == "").all()


def test_a_limit_of_zero_is_none() -> None:
    off = IntegrityConfig.model_validate(dict.fromkeys(IntegrityConfig.model_fields, 0))

    assert (flagged(log(looks("bot", 10_000, 0.01)), off) == "").all()
