"""What an evaluation trains on and tests."""

import numpy as np
import pandas as pd
import pytest

from data.arrays.writer import build_interactions
from data.interactions import SECONDS_PER_DAY, Interactions
from data.splits import LabelWindow
from pipelines.exams import choose_protocol, time_exam, untimed_exam

DAY = SECONDS_PER_DAY
WINDOW = LabelWindow(90 * DAY, 100 * DAY)


def log(n_users: int, days) -> Interactions:
    """Users who buy one of twelve items on each of some days."""
    pairs = ((user, place, day) for user in range(n_users) for place, day in enumerate(days))
    rows = [(f"u{user:03}", f"i{(user + place) % 12:02}", day) for user, place, day in pairs]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "day"]).assign(event_type="purchase", price=1.0)
    events["timestamp"] = pd.to_datetime(events["day"] * DAY, unit="s", utc=True)
    return build_interactions(events, {"purchase": 1.0}, "purchase")


@pytest.mark.parametrize(
    ("n_users", "days", "protocol"),
    [(250, (10, 50, 95), "time"), (250, (10, 50, 60), "last"), (50, (10, 50, 95), "last"), (250, (7, 7, 7), "holdout")],
    ids=["many users in the last days", "none there", "few users", "no times"],
)
def test_the_log_decides(n_users: int, days, protocol: str) -> None:
    """By time where the last days test users enough, by last events where not, by a share where times say nothing."""
    assert choose_protocol(log(n_users, days), WINDOW) == protocol


@pytest.mark.parametrize("protocol", ["time", "last", "holdout"])
def test_what_is_tested_is_not_known(protocol) -> None:
    """No relevant item is in the history that its list is made of, and every history is before the lists' moment."""
    interactions = log(60, (10, 20, 30, 40, 95))
    exam = time_exam(interactions, WINDOW) if protocol == "time" else untimed_exam(interactions, protocol, 0.3, 1)
    assert exam.test_set.protocol == protocol
    assert len(exam.test_set) > 30
    assert (exam.past.timestamp < exam.as_of).all()
    for row, user in enumerate(exam.test_set.user_idx):
        history = exam.past.history(int(user), exam.test_set.cut)
        assert len(history) > 0
        assert not np.isin(exam.test_set.relevant(row, "overall"), history.item_idx).any()


@pytest.mark.parametrize("protocol", ["last", "holdout"])
def test_baselines_are_tuned_on_the_same_kind_of_exam(protocol) -> None:
    """Their exam lies within the past, so that the tested events have no say in it."""
    exam = untimed_exam(log(60, (10, 20, 30, 40, 95)), protocol, 0.3, 1)
    (window,) = exam.windows(0.3, 1)
    assert window.test_set.protocol == protocol
    assert len(window.past) < len(exam.past)
    assert exam.windows(0.3, 1)[0].test_set.item_idx.tolist() == window.test_set.item_idx.tolist()


def test_by_time_baselines_have_windows_of_their_own() -> None:
    """By time the windows before the cut are theirs."""
    assert time_exam(log(60, (10, 20, 95)), WINDOW).windows(0.3, 1) is None
