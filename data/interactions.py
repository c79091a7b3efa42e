"""Events as arrays: what every stage computes from.

Only events with a positive weight take part. Events of one user, item, type and second are one interaction. A time is
whole seconds since 1970 (UTC); "before `as_of`" always means ``timestamp < as_of``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from shortlist.columns import EVENT_TYPE, ITEM_ID, PRICE, TIMESTAMP, USER_ID
from shortlist.config import ConfigModel
from shortlist.errors import DataError
from shortlist.ids import IdMap

SECONDS_PER_DAY = 86_400


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
class History:
    """One user's interactions before a moment, oldest first.

    Attributes
    ----------
    as_of : int
        The moment, in seconds; every timestamp is earlier.
    item_idx : ndarray of int32, shape (n,)
    timestamp : ndarray of int64, shape (n,)
        Seconds.
    weight : ndarray of float32, shape (n,)
        Strength of the event's type.
    price : ndarray of float32, shape (n,)
        Price of one unit, 0 where unknown.
    is_target : ndarray of bool, shape (n,)
        Whether the event is of the type that lists are made to bring about.
    """

    as_of: int
    item_idx: npt.NDArray[np.int32]
    timestamp: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]
    price: npt.NDArray[np.float32]
    is_target: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.item_idx)


@dataclass(frozen=True, slots=True)
class Interactions:
    """All users' interactions, by user and then by time, as compressed sparse rows.

    Attributes
    ----------
    users, items : IdMap
        Items hold the catalogue's as well as those that only events name.
    user_offsets : ndarray of int64, shape (n_users + 1,)
        The interactions of user ``u`` are ``[user_offsets[u], user_offsets[u + 1])``.
    item_idx, timestamp, weight, price, is_target : ndarray, shape (n,)
        As in `History`.
    """

    users: IdMap
    items: IdMap
    user_offsets: npt.NDArray[np.int64]
    item_idx: npt.NDArray[np.int32]
    timestamp: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]
    price: npt.NDArray[np.float32]
    is_target: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        for array in (self.user_offsets, self.item_idx, self.timestamp, self.weight, self.price, self.is_target):
            array.setflags(write=False)  # many models share these arrays

    def __len__(self) -> int:
        return len(self.item_idx)

    @property
    def user_idx(self) -> npt.NDArray[np.int32]:
        """The user of each interaction, int32, shape (n,)."""
        counts = np.diff(self.user_offsets)
        return np.repeat(np.arange(len(self.users), dtype=np.int32), counts)

    def history(self, user_idx: int, as_of: int) -> History:
        """One user's interactions before `as_of`: views on the arrays, no copy."""
        start, end = self.user_offsets[user_idx], self.user_offsets[user_idx + 1]
        end = start + int(np.searchsorted(self.timestamp[start:end], as_of))
        rows = slice(int(start), int(end))
        return History(
            as_of=as_of,
            item_idx=self.item_idx[rows],
            timestamp=self.timestamp[rows],
            weight=self.weight[rows],
            price=self.price[rows],
            is_target=self.is_target[rows],
        )

    def before(self, as_of: int) -> Self:
        """The interactions before `as_of`, with the same users and items."""
        keep = self.timestamp < as_of
        kept = np.concatenate([[0], np.cumsum(keep)])
        return type(self)(
            users=self.users,
            items=self.items,
            user_offsets=kept[self.user_offsets],
            item_idx=self.item_idx[keep],
            timestamp=self.timestamp[keep],
            weight=self.weight[keep],
            price=self.price[keep],
            is_target=self.is_target[keep],
        )


def empty_history(as_of: int) -> History:
    """The history of a user whom nobody has seen before."""
    return History(
        as_of=as_of,
        item_idx=np.zeros(0, dtype=np.int32),
        timestamp=np.zeros(0, dtype=np.int64),
        weight=np.zeros(0, dtype=np.float32),
        price=np.zeros(0, dtype=np.float32),
        is_target=np.zeros(0, dtype=np.bool_),
    )


def build_interactions(
    events: pd.DataFrame, weights: Mapping[str, float], target: str, *, catalog_ids: pd.Series | None = None
) -> Interactions:
    """Turn canonical events into interactions.

    Parameters
    ----------
    events : DataFrame
        Canonical events, in any order.
    weights : mapping of str to float
        The strength of each event type; types without a positive weight are left out.
    target : str
        The event type that lists are made to bring about.
    catalog_ids : Series of str, optional
        Item ids that must have a position though no event names them.
    """
    events = events[events[EVENT_TYPE].map(weights).fillna(0.0).to_numpy() > 0]
    merged = _merge_within_second(events)
    users, user_idx = _factorise(merged[USER_ID])
    items, item_idx = _factorise(merged[ITEM_ID], also=catalog_ids)
    seconds = merged[TIMESTAMP].to_numpy(dtype=np.int64)
    order = np.lexsort((pd.factorize(merged[EVENT_TYPE], sort=True)[0], item_idx, seconds, user_idx))
    user_offsets = np.zeros(len(users) + 1, dtype=np.int64)
    np.cumsum(np.bincount(user_idx, minlength=len(users)), out=user_offsets[1:])
    event_types = merged[EVENT_TYPE].to_numpy()[order]
    return Interactions(
        users=users,
        items=items,
        user_offsets=user_offsets,
        item_idx=item_idx[order],
        timestamp=seconds[order],
        weight=pd.Series(event_types).map(weights).to_numpy(dtype=np.float32),
        price=merged[PRICE].fillna(0.0).to_numpy(dtype=np.float32)[order],
        is_target=np.asarray(event_types == target),
    )


def to_seconds(timestamps: pd.Series) -> npt.NDArray[np.int64]:
    """Whole seconds since 1970 of a UTC datetime column, rounded down."""
    microseconds: npt.NDArray[np.int64] = timestamps.dt.as_unit("us").to_numpy(dtype="datetime64[us]").astype(np.int64)
    return microseconds // 1_000_000


def _merge_within_second(events: pd.DataFrame) -> pd.DataFrame:
    """Make one row of the rows of one user, item, type and second; the price is the mean."""
    keyed = events[[USER_ID, ITEM_ID, EVENT_TYPE, PRICE]].assign(**{TIMESTAMP: to_seconds(events[TIMESTAMP])})
    keys = [USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE]
    return keyed.groupby(keys, sort=False)[PRICE].mean().reset_index()


def _factorise(ids: pd.Series, also: pd.Series | None = None) -> tuple[IdMap, npt.NDArray[np.int32]]:
    """An id map of a column, and the column as positions."""
    codes, distinct = pd.factorize(ids)
    known = set(distinct)
    id_map = IdMap.from_ids(known if also is None else known.union(also))
    return id_map, id_map.positions(distinct)[codes]
