"""Events as arrays: what every stage computes from.

Only events with a positive weight take part. Events of one user, item, type and second are one interaction, at the
place of the first. A time is whole seconds since 1970 (UTC); "before `as_of`" always means ``timestamp < as_of``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from shortlist.columns import EventType
from shortlist.config import ConfigModel
from shortlist.errors import DataError
from shortlist.ids import IdMap

SECONDS_PER_DAY = 86_400
SECONDS_PER_HOUR = 3_600
DAY_PARTS: Final = 8
WEEKDAYS: Final = 7

EVENT_TYPES: Final = tuple(EventType)

Rows = slice | npt.NDArray[np.bool_] | npt.NDArray[np.integer]
ALL_ROWS: Final = slice(None)


class EventWeights(ConfigModel):
    """How much each event type says of a user's liking. A type without a positive weight takes no part.

    Where two types weigh the same, the later one here is the stronger. Cancels are netted before, and have no weight.
    """

    dislike: float = Field(default=0.0, ge=0)
    remove_from_cart: float = Field(default=0.0, ge=0)
    impression: float = Field(default=0.0, ge=0)
    view: float = Field(default=0.2, ge=0)
    click: float = Field(default=0.25, ge=0)
    wishlist: float = Field(default=0.4, ge=0)
    add_to_cart: float = Field(default=0.6, ge=0)
    purchase: float = Field(default=1.0, ge=0)

    def relative_to_target(self, event_types: Iterable[str]) -> tuple[str, dict[str, float]]:
        """Name the target, and scale the weights so that its weight is 1.

        The target is what lists are made to bring about: the strongest event type that occurs.

        Raises
        ------
        DataError
            When no type that occurs has a positive weight.
        """
        weights: dict[str, float] = self.model_dump()
        occurring = set(event_types)
        present = [name for name in weights if weights[name] > 0 and name in occurring]
        if not present:
            raise DataError("No event has a type of positive weight. Import views, purchases or the like.")
        target = max(present, key=lambda name: (weights[name], list(weights).index(name)))
        return target, {name: weight / weights[target] for name, weight in weights.items()}


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events as columns of one length n, by user, time and then the order of the file.

    Attributes
    ----------
    item_idx : ndarray of int32, shape (n,)
    timestamp : ndarray of int64, shape (n,)
        Seconds.
    weight : ndarray of float32, shape (n,)
        Strength of the event's type.
    price : ndarray of float32, shape (n,)
        Price of one unit, 0 where unknown.
    is_target : ndarray of bool, shape (n,)
        Whether the event is of the type that lists are made to bring about.
    event_type : ndarray of int8, shape (n,)
        Place of the type in `EVENT_TYPES`.
    basket : ndarray of int32, shape (n,)
        Number of the basket among the user's own, rising: a session, or an hour (UTC) where no session is named.
    """

    item_idx: npt.NDArray[np.int32]
    timestamp: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]
    price: npt.NDArray[np.float32]
    is_target: npt.NDArray[np.bool_]
    event_type: npt.NDArray[np.int8]
    basket: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.item_idx)

    def columns(self, rows: Rows = ALL_ROWS) -> dict[str, npt.NDArray[Any]]:
        """The columns by name, of some rows."""
        return {name: getattr(self, name)[rows] for name in EVENT_COLUMNS}


EVENT_COLUMNS: Final = tuple(field.name for field in fields(EventColumns))
EVENT_COLUMN_DTYPES: Final = dict(
    zip(EVENT_COLUMNS, ("int32", "int64", "float32", "float32", "bool", "int8", "int32"), strict=True)
)


@dataclass(frozen=True, slots=True)
class History(EventColumns):
    """One user's interactions before a moment, oldest first.

    Attributes
    ----------
    as_of : int
        The moment, in seconds; no timestamp is later.
    """

    as_of: int


@dataclass(frozen=True, slots=True)
class Interactions(EventColumns):
    """All users' interactions, by user and then by time, as compressed sparse rows.

    Attributes
    ----------
    users, items : IdMap
        Items hold the catalogue's as well as those that only events name.
    user_offsets : ndarray of int64, shape (n_users + 1,)
        The interactions of user ``u`` are ``[user_offsets[u], user_offsets[u + 1])``.
    """

    users: IdMap
    items: IdMap
    user_offsets: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.user_offsets, *(getattr(self, name) for name in EVENT_COLUMNS)):
            array.setflags(write=False)  # many models share these arrays

    def users_of(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
        """The user of each of some interactions, int32."""
        return (np.searchsorted(self.user_offsets, rows, side="right") - 1).astype(np.int32)

    def rows_of(self, users: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The interactions of some users, user by user."""
        return rows_of_users(self.user_offsets, users)

    def begins(self) -> npt.NDArray[np.bool_]:
        """Whether each interaction is its user's first, bool, shape (n,)."""
        begins = np.zeros(len(self), dtype=np.bool_)
        begins[self.user_offsets[:-1][np.diff(self.user_offsets) > 0]] = True
        return begins

    def pair_keys(self, rows: npt.NDArray[np.integer] | None = None) -> npt.NDArray[np.int64]:
        """``user * n_items + item`` of some interactions, of all without `rows`: one number for each user and item."""
        n_items = max(len(self.items), 1)
        if rows is not None:
            own: npt.NDArray[np.int64] = self.users_of(rows).astype(np.int64) * n_items
            own += self.item_idx[rows]
            return own
        keys: npt.NDArray[np.int64] = np.repeat(np.arange(len(self.users)) * n_items, np.diff(self.user_offsets))
        keys += self.item_idx
        return keys

    def history(self, user_idx: int, as_of: int) -> History:
        """One user's interactions before `as_of`: views on the arrays, no copy."""
        columns = self.columns_of(user_idx)
        n_before = int(np.searchsorted(columns["timestamp"], as_of))
        return History(**{name: column[:n_before] for name, column in columns.items()}, as_of=as_of)

    def columns_of(self, user_idx: int) -> dict[str, npt.NDArray[Any]]:
        """One user's columns by name: views on the arrays, no copy."""
        return self.columns(slice(int(self.user_offsets[user_idx]), int(self.user_offsets[user_idx + 1])))

    def only(self, keep: npt.NDArray[np.bool_]) -> "Interactions":
        """Some of the interactions, with the same users and items; no column is copied (see `KeptInteractions`)."""
        return self if keep.all() else KeptInteractions(self, keep)

    def before(self, as_of: int) -> "Interactions":
        """The interactions before `as_of`, with the same users and items; no column is copied."""
        return self.only(self.timestamp < as_of)


def _gathered(name: str) -> Any:
    """A column of the kept rows, gathered anew whenever it is asked for."""

    def column(self: "KeptInteractions") -> npt.NDArray[Any]:
        kept: npt.NDArray[Any] = getattr(self.base, name)[self.kept]
        kept.setflags(write=False)
        return kept

    return property(column, doc=f"`{name}` of the kept rows, gathered from the base.")


class KeptInteractions(Interactions):
    """Some of the interactions of others: a mask on their arrays, with the same users and items.

    A snapshot of an earlier moment so costs one byte for each interaction of the base, and a column for as long as it
    is computed with. Ask for a column once, not in a loop; `columns_of` and `history` gather one user's rows alone.

    Attributes
    ----------
    base : Interactions
        Whose arrays hold the events; never itself kept from others.
    kept : ndarray of bool, shape (len(base),)
    """

    __slots__ = ("base", "kept")
    base: Interactions
    kept: npt.NDArray[np.bool_]

    def __init__(self, others: Interactions, keep: npt.NDArray[np.bool_]) -> None:
        """Keep the rows of `others` where `keep`, bool, shape (len(others),), is true."""
        ends = np.concatenate([[0], np.cumsum(keep)])
        base, kept = (others.base, _nested(others, keep)) if isinstance(others, KeptInteractions) else (others, keep)
        values = {"users": others.users, "items": others.items, "user_offsets": ends[others.user_offsets]}
        for name, value in (values | {"base": base, "kept": kept}).items():
            object.__setattr__(self, name, value)

    item_idx = _gathered("item_idx")
    timestamp = _gathered("timestamp")
    weight = _gathered("weight")
    price = _gathered("price")
    is_target = _gathered("is_target")
    event_type = _gathered("event_type")
    basket = _gathered("basket")

    def __len__(self) -> int:
        return int(self.user_offsets[-1])

    def columns_of(self, user_idx: int) -> dict[str, npt.NDArray[Any]]:
        """One user's kept columns by name."""
        rows = slice(int(self.base.user_offsets[user_idx]), int(self.base.user_offsets[user_idx + 1]))
        return {name: column[self.kept[rows]] for name, column in self.base.columns(rows).items()}


def _nested(others: "KeptInteractions", keep: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """A mask on rows that were kept as one on the base."""
    kept = others.kept.copy()
    kept[others.kept] = keep
    return kept


def empty_history(as_of: int) -> History:
    """The history of a user whom nobody has seen before."""
    return History(**{name: np.zeros(0, dtype=dtype) for name, dtype in EVENT_COLUMN_DTYPES.items()}, as_of=as_of)


def rows_of_users(user_offsets: npt.NDArray[np.int64], users: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """The rows of some users among compressed rows, user by user, int64."""
    counts = np.diff(user_offsets)[users]
    ends = np.cumsum(counts)
    shift: npt.NDArray[np.int64] = np.repeat(user_offsets[:-1][users] - (ends - counts), counts)
    return np.arange(counts.sum()) + shift


def hourly_baskets(user_offsets: npt.NDArray[np.int64], timestamp: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Number each user's hours (UTC) with an event from 0 on, int32, shape (n,)."""
    return _numbered(user_offsets, timestamp // SECONDS_PER_HOUR)


def clock(timestamp: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The three hours of the day (0 to 7, UTC) and the day of the week (0 is Monday) of times in seconds."""
    return timestamp // (3 * SECONDS_PER_HOUR) % DAY_PARTS, (timestamp // SECONDS_PER_DAY + 3) % WEEKDAYS


def to_seconds(timestamps: pd.Series) -> npt.NDArray[np.int64]:
    """Whole seconds since 1970 of a UTC datetime column, rounded down."""
    microseconds: npt.NDArray[np.int64] = timestamps.dt.as_unit("us").to_numpy(dtype="datetime64[us]").astype(np.int64)
    return microseconds // 1_000_000


def _numbered(user_offsets: npt.NDArray[np.int64], key: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Number the stretches of one key within each user from 0 on."""
    starts = np.ones(len(key), dtype=np.bool_)
    np.not_equal(key[1:], key[:-1], out=starts[1:])
    first = user_offsets[:-1][np.diff(user_offsets) > 0]
    starts[first] = True
    number = np.cumsum(starts)
    counts = np.diff(user_offsets)
    return (number - np.repeat(number[first], counts[counts > 0])).astype(np.int32)
