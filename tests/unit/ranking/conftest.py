"""Small parts to build queries and recommenders of."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from candidate_gen.candidates import Candidates
from candidate_gen.fusion import reciprocal_ranks
from candidate_gen.sources import SOURCES
from data.arrays.writer import build_interactions
from data.attributes import ItemAttributes
from data.catalog_arrays import build_attributes
from data.interactions import EVENT_TYPES, SECONDS_PER_DAY, History, Interactions
from shortlist.columns import EventType

PURCHASE, VIEW = EVENT_TYPES.index(EventType.PURCHASE), EVENT_TYPES.index(EventType.VIEW)
WEIGHTS = {"purchase": 1.0, "view": 0.2}
Row = tuple[str, str, float] | tuple[str, str, float, float] | tuple[str, str, float, float, str]


def history_of(as_of_days: float, rows: Sequence[tuple[int, float, float, float]]) -> History:
    """A history of rows of item position, day, weight and price; purchases are those of weight 1."""
    table = np.array(sorted(rows, key=lambda row: row[1]), dtype=np.float64).reshape(-1, 4)
    return History(
        as_of=round(as_of_days * SECONDS_PER_DAY),
        item_idx=table[:, 0].astype(np.int32),
        timestamp=np.rint(table[:, 1] * SECONDS_PER_DAY).astype(np.int64),
        weight=table[:, 2].astype(np.float32),
        price=table[:, 3].astype(np.float32),
        is_target=table[:, 2] == 1.0,
        event_type=np.where(table[:, 2] == 1.0, PURCHASE, VIEW).astype(np.int8),
        basket=np.floor(table[:, 1] * 24).astype(np.int32),
    )


def candidates_of(items: Sequence[int]) -> Candidates:
    """Candidates that the popular source alone found, in this order."""
    item_idx = np.array(items, dtype=np.int32)
    rank = np.zeros((len(SOURCES), len(item_idx)), dtype=np.float32)
    rank[-1] = np.arange(1, len(item_idx) + 1)
    names = tuple(source.name for source in SOURCES)
    nothing = np.zeros_like(rank)
    return Candidates(item_idx, rank, nothing, nothing, nothing, reciprocal_ranks(rank), names)


def shop_of(rows: Sequence[Row], catalog: pd.DataFrame | None = None) -> tuple[Interactions, ItemAttributes]:
    """Interactions and attributes of rows of user, item, day, price (1 left out) and type (a purchase left out)."""
    full = [(*row, *(1.0, "purchase")[len(row) - 3 :]) for row in rows]
    events = pd.DataFrame(full, columns=["user_id", "item_id", "day", "price", "event_type"])
    seconds = (events["day"] * SECONDS_PER_DAY).round().astype("int64")
    events["timestamp"] = pd.to_datetime(seconds, unit="s", utc=True)
    catalog = pd.DataFrame({"item_id": pd.Series([], dtype="str")}) if catalog is None else catalog
    interactions = build_interactions(events, WEIGHTS, "purchase", catalog_ids=catalog["item_id"])
    return interactions, build_attributes(catalog, interactions.items)


@pytest.fixture(scope="session")
def make_history() -> Callable[..., History]:
    """`history_of`."""
    return history_of


@pytest.fixture(scope="session")
def make_candidates() -> Callable[..., Candidates]:
    """`candidates_of`."""
    return candidates_of


@pytest.fixture(scope="session")
def make_shop() -> Callable[..., tuple[Interactions, ItemAttributes]]:
    """`shop_of`."""
    return shop_of
