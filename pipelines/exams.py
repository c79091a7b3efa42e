"""What an evaluation trains on and tests: by time, by each user's last event, or by a share held out."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from data.arrays.past import Past
from data.interactions import Interactions
from data.splits import LabelWindow
from offline_eval.protocol import ProtocolName, TestSet, build_test_set, make_test_set
from offline_eval.tuning import USERS_PER_WINDOW, PastWindow
from ranking.snapshots import MIN_SHARE_WITH_TIMES, Snapshot, held_out_snapshot, last_snapshot, share_with_times

ProtocolChoice = Literal["auto", "time", "last", "holdout"]

ENOUGH_TEST_USERS: Final = 200
"""With fewer users to test in the last days, each user's last event says more."""


@dataclass(frozen=True, slots=True)
class Exam:
    """What is known, and who is tested on what.

    Attributes
    ----------
    past : Interactions
        What is trained on.
    as_of : int
        The moment that lists are made for, in seconds.
    test_set : TestSet
    """

    past: Interactions
    as_of: int
    test_set: TestSet

    def windows(self, share: float, rng: int) -> list[PastWindow] | None:
        """What baselines are tuned on: the same kind of exam in the past; None for windows in time."""
        if self.test_set.protocol == "time":
            return None
        return [_window(untimed_exam(self.past, self.test_set.protocol, share, rng + 1), rng)]


def choose_protocol(interactions: Interactions, window: LabelWindow) -> ProtocolName:
    """By time where the last days hold users enough, else by each user's last event; without times by a share."""
    if share_with_times(interactions) < MIN_SHARE_WITH_TIMES:
        return "holdout"
    return "time" if len(build_test_set(interactions, window.start, window.end)) >= ENOUGH_TEST_USERS else "last"


def time_exam(interactions: Interactions, window: LabelWindow) -> Exam:
    """Train on what lies before a window, test on the window."""
    test_set = build_test_set(interactions, window.start, window.end)
    return Exam(interactions.before(window.start), window.start, test_set)


def untimed_exam(interactions: Interactions, protocol: ProtocolName, share: float, rng: int) -> Exam:
    """Train without each user's last target event, or without a share of each user's items, and test on these."""
    end = int(interactions.timestamp.max()) + 1
    snapshot: Snapshot = (
        last_snapshot(interactions, end) if protocol == "last" else held_out_snapshot(interactions, end, share, rng)
    )
    past = snapshot.past.interactions
    as_of = int(past.timestamp.max(initial=0)) + 1  # as a service trained on this past would make its lists
    return Exam(past, as_of, make_test_set(past, snapshot.labels, as_of, end, protocol))


def _window(exam: Exam, rng: int) -> PastWindow:
    drawn = exam.test_set.drawn(USERS_PER_WINDOW, np.random.default_rng(rng))
    return PastWindow(Past.before(exam.past, exam.as_of), exam.as_of, drawn)
