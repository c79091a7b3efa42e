"""All users' histories in few bytes, to be mapped into memory and shared: what a bundle holds and lists are made from.

An event takes 10 to 13 bytes: 4 for its item, 4 for its second since the first of all, 1 or 2 for a place in a table of
prices (4 for the price itself, where more than 65,536 are different), and 1 for the rest: a place in a short table of
kinds (type, weight, whether it is a target) and a bit that says whether a basket begins.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data.interactions import History, Interactions, rows_of_users
from shortlist.errors import DataError
from shortlist.ids import IdMap

BEGINS_BASKET: Final = 0x80
"""The bit of `kind` that is set where a basket begins; the others are a place in the table of kinds."""

MAX_KINDS: Final = BEGINS_BASKET

TABLE_ARRAYS: Final = ("user_offsets", "item_idx", "second", "price", "kind", "kinds", "start")
"""What a table is made of beside its ids, before `with_places_of_prices`."""

MAX_PRICES: Final = 65_536
EVENTS_AT_ONCE: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class HistoryTable:
    """Histories by user and then by time, as compressed sparse rows.

    Attributes
    ----------
    users, items : IdMap
    user_offsets : ndarray of int64, shape (n_users + 1,)
        The events of user ``u`` are ``[user_offsets[u], user_offsets[u + 1])``.
    item_idx : ndarray of int32, shape (n,)
    second : ndarray of uint32 or int64, shape (n,)
        Seconds since `start`; int64 for a log of more than 136 years.
    price : ndarray of float32, shape (n,)
        Or of uint8 or uint16, a place in `prices`, where there are any.
    kind : ndarray of uint8, shape (n,)
        A place in `kinds`, and `BEGINS_BASKET`.
    kinds : ndarray of float32, shape (n_kinds, 3)
        Place of the type in `EVENT_TYPES`, whether it is a target, and the weight of each kind of event.
    start : ndarray of int64, shape (1,)
        Seconds since 1970.
    prices : ndarray of float32, shape (n_prices,), or None
        Each different price once.
    """

    users: IdMap
    items: IdMap
    user_offsets: npt.NDArray[np.int64]
    item_idx: npt.NDArray[np.int32]
    second: npt.NDArray[Any]
    price: npt.NDArray[Any]
    kind: npt.NDArray[np.uint8]
    kinds: npt.NDArray[np.float32]
    start: npt.NDArray[np.int64]
    prices: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.item_idx)

    @classmethod
    def of(cls, interactions: Interactions) -> "HistoryTable":
        """The same histories in fewer bytes.

        Raises
        ------
        DataError
            When events have more than `MAX_KINDS` different types, weights and targets.
        """
        kinds, kind = _kinds(interactions)
        start = int(interactions.timestamp.min(initial=np.iinfo(np.int64).max)) if len(interactions) else 0
        second = interactions.timestamp - start
        fits = len(second) == 0 or int(second.max()) <= np.iinfo(np.uint32).max
        begins = _begins(interactions.user_offsets, interactions.basket)
        return cls(
            users=interactions.users,
            items=interactions.items,
            user_offsets=interactions.user_offsets,
            item_idx=interactions.item_idx,
            second=second.astype(np.uint32) if fits else second,
            price=interactions.price,
            kind=kind | np.where(begins, np.uint8(BEGINS_BASKET), np.uint8(0)),
            kinds=kinds,
            start=np.array([start], dtype=np.int64),
        )

    def with_places_of_prices(self) -> "HistoryTable":
        """The same with each price once, and a byte or two for its place; as it is where there are too many."""
        if self.prices is not None or len(prices := _distinct(self.price)) > MAX_PRICES:
            return self
        place = np.empty(len(self), dtype=np.min_scalar_type(max(len(prices) - 1, 0)))
        for first in range(0, len(self), EVENTS_AT_ONCE):
            rows = slice(first, first + EVENTS_AT_ONCE)
            place[rows] = np.searchsorted(prices, self.price[rows])
        return replace(self, price=place, prices=prices)

    def history(self, user_idx: int, as_of: int) -> History:
        """One user's events before `as_of` (seconds)."""
        begin, end = int(self.user_offsets[user_idx]), int(self.user_offsets[user_idx + 1])
        end = begin + int(np.searchsorted(self.timestamps(slice(begin, end)), as_of))
        return History(**self._columns(slice(begin, end)), as_of=as_of)

    def timestamps(self, rows: slice | npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The seconds since 1970 of some events."""
        seconds: npt.NDArray[np.int64] = self.second[rows].astype(np.int64) + self.start[0]
        return seconds

    def interactions(self, users: npt.NDArray[np.integer] | None = None) -> Interactions:
        """The histories of some users (ascending), of all without them, as columns in memory: 26 bytes an event."""
        rows: slice | npt.NDArray[np.int64] = slice(0, len(self))
        if users is None:
            ids, offsets = self.users, self.user_offsets
        else:
            ids, counts = self.users.subset(users), np.diff(self.user_offsets)[users]
            offsets = np.concatenate([[0], np.cumsum(counts)])
            rows = rows_of_users(self.user_offsets, users)
        columns = self._columns(rows)
        columns["basket"] = _numbered(columns["basket"], offsets)
        return Interactions(**columns, users=ids, items=self.items, user_offsets=offsets)

    def _columns(self, rows: slice | npt.NDArray[np.int64]) -> dict[str, Any]:
        """The columns of some events, baskets numbered from the first of them on."""
        kind = self.kind[rows]
        of_event = self.kinds[kind & (BEGINS_BASKET - 1)]
        return {
            "item_idx": self.item_idx[rows],
            "timestamp": self.timestamps(rows),
            "weight": of_event[:, 2],
            "price": self.price[rows] if self.prices is None else self.prices[self.price[rows]],
            "is_target": of_event[:, 1] > 0,
            "event_type": of_event[:, 0].astype(np.int8),
            "basket": np.cumsum(kind >= BEGINS_BASKET, dtype=np.int32) - np.int32(1),
        }


def _distinct(price: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The different prices, ascending; no more are looked for once there are too many."""
    found = price[:0]
    for first in range(0, len(price), EVENTS_AT_ONCE):
        found = np.union1d(found, price[first : first + EVENTS_AT_ONCE])
        if len(found) > MAX_PRICES:
            break
    return found


def _numbered(basket: npt.NDArray[np.int32], user_offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Numbers that go on from user to user, begun anew from 0 for each."""
    counts = np.diff(user_offsets)
    first = user_offsets[:-1][counts > 0]
    return basket - np.repeat(basket[first], counts[counts > 0])


def _kinds(interactions: Interactions) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """The table of kinds, and the place of each event in it."""
    code = interactions.event_type.astype(np.int64) << 1 | interactions.is_target
    key = code << 32 | interactions.weight.view(np.uint32)
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    if len(first) > MAX_KINDS:
        raise DataError(f"events have {len(first)} kinds (type, weight, target); at most {MAX_KINDS} can be kept.")
    columns = [getattr(interactions, name)[first].astype(np.float32) for name in ("event_type", "is_target", "weight")]
    return np.stack(columns, axis=1), place.astype(np.uint8)


def _begins(user_offsets: npt.NDArray[np.int64], basket: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Whether a basket of its user begins at each event."""
    begins = np.ones(len(basket), dtype=np.bool_)
    np.not_equal(basket[1:], basket[:-1], out=begins[1:])
    begins[user_offsets[:-1][np.diff(user_offsets) > 0]] = True
    return begins
