"""Who waits for an answer, who is answered next, and with how much: arithmetic of a queue, without a clock of its own.

A request whose wait would pass half of the deadline goes into a second, short lane and gets a list that costs less; the
lanes take turns. One whose wait would pass all of it, or for whom that lane is full, is refused at once. So those that
wait are answered in time, and the others soon. All times are seconds of one clock.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Ease = Literal["stage_one", "popular"]
"""What is left of a list that is made in a hurry: stage one's order alone, or what is popular."""

EASE_FROM: Final = 0.5
POPULAR_FROM: Final = 0.75
"""From which share of the deadline a wait makes a list easier, and from which one it holds what is popular."""

LONGEST_HURRIED: Final = 0.25
"""Of the deadline, how long a request in the second lane may wait."""

FIRST_PACE: Final = 0.002
"""What is taken for a lane's pace until it is measured."""

_NEWEST_SHARE: Final = 0.1
"""What the newest turn counts for in a lane's pace."""


@dataclass(slots=True)
class Place:
    """A request that waits: since when, what its list is made with, and what tells it that it is its turn."""

    arrived: float
    ease: Ease | None = None
    turn: Any = None


@dataclass(slots=True)
class Lane:
    """Requests in the order in which they came, and the pace at which they go: seconds from turn to turn."""

    places: deque[Place] = field(default_factory=deque)
    pace: float = FIRST_PACE
    last_turn: float | None = None

    def wait(self, now: float) -> float:
        """How long a request that comes now would wait: for all before it, and at least as long as the first has."""
        return max(len(self.places) * self.pace, now - self.places[0].arrived) if self.places else 0.0

    def take(self, now: float) -> Place:
        """The first, whose turn it is now."""
        if self.last_turn is not None:
            self.pace += _NEWEST_SHARE * (now - self.last_turn - self.pace)
        place = self.places.popleft()
        self.last_turn = now if self.places else None
        return place


class WaitingLine:
    """The requests of one process that wait for an answer.

    Parameters
    ----------
    deadline : float
        How long a request may take.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._waiting, self._hurried = Lane(), Lane()
        self._is_hurried_next = True

    def __len__(self) -> int:
        return len(self._waiting.places) + len(self._hurried.places)

    def arrive(self, now: float) -> Place | None:
        """Take a place; None where the wait would be too long."""
        share = self._waiting.wait(now) / self.deadline
        if share < EASE_FROM:
            return _joined(self._waiting, Place(now))
        fullness = self._hurried.wait(now) / (LONGEST_HURRIED * self.deadline)
        if max(share, fullness) >= 1:
            return None
        is_pressing = share >= POPULAR_FROM or fullness >= EASE_FROM
        return _joined(self._hurried, Place(now, "popular" if is_pressing else "stage_one"))

    def next(self, now: float) -> Place | None:
        """Whose turn it is, one of each lane in turn; one that has come near to its deadline gets what is popular."""
        lanes = [lane for lane in (self._hurried, self._waiting) if lane.places]
        if not lanes:
            return None
        lane = lanes[0 if self._is_hurried_next else -1]
        self._is_hurried_next = not self._is_hurried_next
        place = lane.take(now)
        if now - place.arrived >= POPULAR_FROM * self.deadline:
            place.ease = "popular"
        return place


def _joined(lane: Lane, place: Place) -> Place:
    lane.places.append(place)
    return place
