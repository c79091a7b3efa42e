"""From sorted batches of events to a history table: the one way, whatever engine reads and sorts the events.

Only events with a positive weight take part. Events of one user, item, type and second are one interaction, at the
place of the first, with the mean of their prices and the first of their sessions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from data.arrays.columns import GrowingColumn
from data.arrays.history_table import BEGINS_BASKET, HistoryTable
from data.interactions import EVENT_TYPES, SECONDS_PER_HOUR, Interactions, to_seconds
from shortlist.checks import are_rising
from shortlist.columns import EVENT_TYPE, ITEM_ID, PRICE, SESSION_ID, TIMESTAMP, USER_ID
from shortlist.ids import IdMap

_COLUMNS: Final = {
    "text": np.uint8,
    "id_length": np.int64,
    "n_events": np.int64,
    "item_idx": np.int32,
    "price": np.float32,
    "kind": np.uint8,
}
EVENT_FILES: Final = ("item_idx", "second", "price", "kind")
"""The columns that are as they were appended when all is written; a table's other arrays are made of the rest."""

ROWS_AT_ONCE: Final = 10_000_000

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last second of a log, since 1970."""

    first: int
    last: int


class InteractionsWriter:
    """Appends events to columns, in memory or mapped, that become a `HistoryTable`.

    Parameters
    ----------
    weights : mapping of str to float
        The strength of each event type; types without a positive weight are left out.
    target : str
        The event type that lists are made to bring about.
    span : Span
        In which all events lie.
    folder : Path, optional
        Where the columns lie; without one they are in memory.
    """

    def __init__(self, weights: Mapping[str, float], target: str, span: Span, folder: Path | None = None) -> None:
        self._types = [name for name in EVENT_TYPES if weights.get(name, 0.0) > 0]
        facts = [(EVENT_TYPES.index(name), name == target, weights[name]) for name in self._types]
        self._kinds = np.array(facts, dtype=np.float32).reshape(-1, 3)
        self._start = span.first
        seconds = np.uint32 if span.last - span.first <= np.iinfo(np.uint32).max else np.int64
        self._columns = {
            name: GrowingColumn(dtype, None if folder is None else folder / f"{name}.npy")
            for name, dtype in {**_COLUMNS, "second": seconds}.items()
        }
        self._items: dict[str, int] = {}
        self._last_user: Any = None

    def append(self, events: pd.DataFrame) -> None:
        """Add canonical events of whole users, sorted by user (in byte order) and time.

        Raises
        ------
        ValueError
            When users do not rise, within the batch or from the batch before.
        """
        kind = pd.Index(self._types).get_indexer(pd.Index(events[EVENT_TYPE]))
        events, kind = events[kind >= 0], kind[kind >= 0]
        if len(events):
            rows = _Rows.of(events, kind, self._item_codes(events[ITEM_ID]))
            self._add_users(rows.ids.filter(pa.array(rows.begins)))
            self._add(rows.merged())

    def close(self) -> None:
        """Let go of the columns' files."""
        for column in self._columns.values():
            column.close()

    def _item_codes(self, ids: pd.Series) -> Int64:
        """A number for each item, in the order in which items come up."""
        codes, distinct = pd.factorize(ids)
        known = self._items
        numbers = np.array([known.setdefault(one, len(known)) for one in distinct], dtype=np.int64)
        return numbers[codes]

    def _add_users(self, ids: pa.Array) -> None:
        known = ids if self._last_user is None else pa.concat_arrays([self._last_user, ids])
        if not are_rising(*_texts(known)):
            raise ValueError("users must come in byte order, each once")
        text, offsets = _texts(ids)
        self._columns["text"].append(text)
        self._columns["id_length"].append(np.diff(offsets))
        self._last_user = ids[-1:]

    def _add(self, rows: "_Rows") -> None:
        starts = np.flatnonzero(rows.begins)
        self._columns["n_events"].append(np.diff(starts, append=len(rows.begins)))
        self._columns["item_idx"].append(rows.item)
        self._columns["second"].append(rows.second - self._start)
        self._columns["price"].append(np.nan_to_num(rows.price))
        self._columns["kind"].append(rows.kind | np.where(rows.begins_basket(), BEGINS_BASKET, 0))

    def finish(self, catalog_ids: pd.Series | None = None) -> HistoryTable:
        """The table of all that was appended, over the items of events and of a catalogue."""
        columns = {name: column.whole() for name, column in self._columns.items()}
        items = IdMap.from_ids({*self._items, *([] if catalog_ids is None else catalog_ids)})
        _renumber(columns["item_idx"], items.positions(self._items))
        users = IdMap(columns.pop("text"), _offsets(columns.pop("id_length")))
        offsets = _offsets(columns.pop("n_events"))
        start = np.array([self._start], dtype=np.int64)
        return HistoryTable(users=users, items=items, user_offsets=offsets, kinds=self._kinds, start=start, **columns)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Events of a batch: user ids, whether a user begins, and what is kept of each event."""

    ids: pa.Array
    begins: Bool
    item: Int64
    second: Int64
    kind: npt.NDArray[np.integer]
    price: npt.NDArray[np.float64]
    session: pd.Series | None

    @classmethod
    def of(cls, events: pd.DataFrame, kind: npt.NDArray[np.integer], item: Int64) -> "_Rows":
        """Those of canonical events."""
        ids = pa.array(events[USER_ID], pa.large_string(), from_pandas=True)
        ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
        begins = np.ones(len(ids), dtype=np.bool_)
        begins[1:] = np.asarray(pa.compute.not_equal(ids[1:], ids[:-1]))
        session = events[SESSION_ID] if SESSION_ID in events and events[SESSION_ID].notna().any() else None
        second, price = to_seconds(events[TIMESTAMP]), events[PRICE].to_numpy(dtype=np.float64)
        return cls(ids, begins, item, second, kind, price, session)

    def merged(self) -> "_Rows":
        """One row for the rows of one user, second, item and type."""
        again = self._again()
        if not len(again):
            return self
        group, first = _groups(again)
        price, session = self.price.copy(), None if self.session is None else self.session.reset_index(drop=True)
        rows = pd.DataFrame({"group": group, "price": price[again[:, 0]]})
        price[first] = rows.groupby("group")["price"].mean()
        if session is not None:
            rows["session"] = session.iloc[again[:, 0]].to_numpy()
            session.iloc[first] = rows.groupby("group")["session"].min().to_numpy()
        kept = np.ones(len(price), dtype=np.bool_)
        kept[again[:, 0]] = False
        kept[first] = True
        return _Rows(
            ids=self.ids,
            begins=self.begins[kept],  # the first row of a user is the first of its group
            item=self.item[kept],
            second=self.second[kept],
            kind=self.kind[kept],
            price=price[kept],
            session=None if session is None else session[kept],
        )

    def _again(self) -> Int64:
        """The rows of interactions that come up more than once: row and number of the interaction, shape (n, 2)."""
        moves = self.begins.copy()
        moves[1:] |= np.diff(self.second) != 0
        moment = np.cumsum(moves)
        crowded = np.flatnonzero(np.bincount(moment)[moment] > 1)
        of_item = moment[crowded] * (int(self.item.max()) + 1) + self.item[crowded]
        code = pd.factorize(of_item * len(EVENT_TYPES) + self.kind[crowded])[0]
        several = np.bincount(code)[code] > 1 if len(code) else np.zeros(0, dtype=np.bool_)
        return np.stack([crowded[several], code[several]], axis=1)

    def begins_basket(self) -> Bool:
        """Whether a session begins, or an hour (UTC) where no session is named."""
        key = self.second // SECONDS_PER_HOUR
        if self.session is not None:
            codes = pd.factorize(self.session)[0].astype(np.int64)
            key = np.where(codes >= 0, -1 - codes, key)
        begins = self.begins.copy()
        begins[1:] |= np.diff(key) != 0
        return begins


def _groups(again: Int64) -> tuple[Int64, Int64]:
    """The group of each row that comes up again, numbered from 0, and the first row of each group."""
    _, first, group = np.unique(again[:, 1], return_index=True, return_inverse=True)
    return group, again[first, 0]


def _texts(ids: pa.Array) -> tuple[npt.NDArray[np.uint8], Int64]:
    """The bytes of texts, and where each begins among them."""
    _, offsets, text = ids.buffers()
    places = np.frombuffer(offsets, dtype=np.int64)[ids.offset : ids.offset + len(ids) + 1]
    whole = np.frombuffer(text, dtype=np.uint8) if text is not None else np.zeros(0, dtype=np.uint8)
    return whole[places[0] : places[-1]], places - places[0]


def _offsets(lengths: Int64) -> Int64:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _renumber(item_idx: npt.NDArray[np.int32], position: npt.NDArray[np.int32]) -> None:
    """Put each item's position in the place of its number, a block at a time."""
    for first in range(0, len(item_idx), ROWS_AT_ONCE):
        block = item_idx[first : first + ROWS_AT_ONCE]
        block[:] = position[block]


def build_table(
    events: pd.DataFrame, weights: Mapping[str, float], target: str, *, catalog_ids: pd.Series | None = None
) -> HistoryTable:
    """Turn canonical events in memory into a table; those of one user and second keep their order.

    Parameters
    ----------
    weights, target
        As `InteractionsWriter` takes them.
    catalog_ids : Series of str, optional
        Item ids that must have a position though no event names them.
    """
    seconds = pd.Series(to_seconds(events[TIMESTAMP]), index=events.index)
    ordered = events.assign(_second=seconds).sort_values([USER_ID, "_second"], kind="stable")
    span = Span(int(seconds.min()), int(seconds.max())) if len(events) else Span(0, 0)
    writer = InteractionsWriter(weights, target, span)
    writer.append(ordered)
    return writer.finish(catalog_ids)


def build_interactions(
    events: pd.DataFrame, weights: Mapping[str, float], target: str, *, catalog_ids: pd.Series | None = None
) -> Interactions:
    """The same as columns."""
    return build_table(events, weights, target, catalog_ids=catalog_ids).interactions()
