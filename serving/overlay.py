"""What users did since the bundle was trained, laid over the histories that it holds."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
import orjson
from cachetools import LRUCache

from data.arrays.histories import UNKNOWN_USER, Histories
from data.interactions import EVENT_COLUMN_DTYPES, EVENT_TYPES, SECONDS_PER_HOUR, History
from data.log.journal import Kept
from data.people import People
from shortlist.columns import EVENT_TYPE, ITEM_ID, PRICE, SESSION_ID, TIMESTAMP, USER_ID
from shortlist.ids import MISSING, IdMap, without_point

MOST_USERS: Final = 100_000
MOST_EVENTS: Final = 100
"""Of one user: the newest."""

_CODES: Final = {str(name): code for code, name in enumerate(EVENT_TYPES)}


class LiveEvent(NamedTuple):
    """One event, its time in whole seconds."""

    item_id: str
    timestamp: int
    event_type: str
    price: float
    session_id: str | None


class _Newest(NamedTuple):
    position: int
    events: tuple[LiveEvent, ...]


class Overlay:
    """The newest events of the users who came last; one event loop's, it takes no lock.

    Attributes
    ----------
    moment : int
        The time of the newest event of all, in seconds; 0 before the first.
    """

    def __init__(self, most_users: int = MOST_USERS, most_events: int = MOST_EVENTS) -> None:
        self._most_events = most_events
        self._users: LRUCache[str, _Newest] = LRUCache(most_users)
        self.moment = 0

    def add(self, kept: Iterable[Kept]) -> None:
        """Take over journal entries, in their order."""
        for one in kept:
            record = orjson.loads(one.entry.content)
            user_id = record[USER_ID]
            before = self._users.get(user_id)
            event = _event(record)
            events = (*(before.events if before else ()), event)[-self._most_events :]
            self.moment = max(self.moment, event.timestamp)
            self._users[user_id] = _Newest(one.position, events)

    def drop(self, are_gone: Callable[[str], bool]) -> None:
        """Forget some users."""
        for user_id in [user_id for user_id in self._users if are_gone(user_id)]:
            del self._users[user_id]

    def events(self, user_id: str) -> tuple[LiveEvent, ...]:
        """A user's newest events, in the order in which they were accepted."""
        found = self._newest(user_id)
        return () if found is None else found.events

    def mark(self, user_id: str) -> str:
        """A text that changes with each event of the user."""
        found = self._newest(user_id)
        return "" if found is None else str(found.position)

    def _newest(self, user_id: str) -> _Newest | None:
        found = self._users.get(user_id)
        return found if found is not None or not self._users else self._users.get(without_point(user_id.strip()))


@dataclass(frozen=True, slots=True)
class LiveHistories:
    """A bundle's histories, with what came later.

    Attributes
    ----------
    stored : Histories
        The bundle's.
    as_of : int
        The end of the bundle's data, in seconds; what is older is in it, or came too late.
    items : IdMap
        The bundle's items; events of others are passed over.
    weights : mapping of str to float
        The strength of each event type; those without a positive one are passed over.
    target : str
        The event type that lists are made to bring about.
    people : People
        Which ids are one user.
    """

    stored: Histories
    overlay: Overlay
    as_of: int
    items: IdMap
    weights: Mapping[str, float]
    target: str
    people: People = field(default_factory=People)
    unknown: str = UNKNOWN_USER

    def of(self, user_id: str) -> History | None:
        """What is known of a user, as of the newest event of all: of whom nothing is new, time has passed, too."""
        known, as_of = self.stored.of(user_id), max(self.as_of, self.overlay.moment + 1)
        newer = sorted(set(self._newer(user_id)), key=lambda one: one[1].timestamp)
        if newer:
            return self._merged(known, newer, as_of)
        return known if known is None or as_of == known.as_of else replace(known, as_of=as_of)

    def mark(self, user_id: str) -> str:
        """A text that changes with each event of the user."""
        marks = [self.overlay.mark(one) for one in self.people.ids(user_id)]
        return self.stored.mark(user_id) + "|".join(marks)

    def _newer(self, user_id: str) -> Iterator[tuple[int, LiveEvent]]:
        """The events that count, with the positions of their items."""
        for event in chain.from_iterable(map(self.overlay.events, self.people.ids(user_id))):
            if event.timestamp >= self.as_of and self.weights.get(event.event_type, 0.0) > 0:
                item_idx = self.items.position(event.item_id)
                if item_idx != MISSING:
                    yield item_idx, event

    def _merged(self, known: History | None, newer: list[tuple[int, LiveEvent]], as_of: int) -> History:
        events = [event for _, event in newer]
        new = {
            "item_idx": [item_idx for item_idx, _ in newer],
            "timestamp": [event.timestamp for event in events],
            "weight": [self.weights[event.event_type] for event in events],
            "price": [event.price for event in events],
            "is_target": [event.event_type == self.target for event in events],
            "event_type": [_CODES[event.event_type] for event in events],
            "basket": _baskets(events, 0 if known is None or not len(known) else int(known.basket[-1]) + 1),
        }
        columns = {name: np.array(new[name], dtype=dtype) for name, dtype in EVENT_COLUMN_DTYPES.items()}
        if known is not None:
            columns = {name: np.concatenate([getattr(known, name), column]) for name, column in columns.items()}
        return History(**columns, as_of=as_of)


def _baskets(events: list[LiveEvent], first: int) -> list[int]:
    """A number for each session, or hour where no session is named, rising from `first`."""
    numbers: dict[object, int] = {}
    keys = (event.session_id or event.timestamp // SECONDS_PER_HOUR for event in events)
    return [numbers.setdefault(key, first + len(numbers)) for key in keys]


def _event(record: dict[str, object]) -> LiveEvent:
    price, session = record.get(PRICE), record.get(SESSION_ID)
    return LiveEvent(
        item_id=str(record[ITEM_ID]),
        timestamp=int(datetime.fromisoformat(str(record[TIMESTAMP])).timestamp()),
        event_type=str(record[EVENT_TYPE]),
        price=float(price) if isinstance(price, int | float) else 0.0,
        session_id=None if session is None else str(session),
    )
