"""Interactions of a few rows."""

from collections.abc import Callable, Sequence

import pandas as pd
import pytest

from data.arrays.writer import build_interactions
from data.interactions import SECONDS_PER_DAY, Interactions

WEIGHTS = {"purchase": 1.0, "view": 0.2}
Row = tuple[str, str, float] | tuple[str, str, float, str]


def interactions_of(rows: Sequence[Row], catalog_ids: Sequence[str] = ()) -> Interactions:
    """Interactions of rows of user, item, day since 1970 and event type (a purchase when left out)."""
    events = pd.DataFrame(
        [(*row, "purchase")[:4] for row in rows], columns=["user_id", "item_id", "days", "event_type"]
    )
    seconds = (events["days"] * SECONDS_PER_DAY).round().astype("int64")
    events["timestamp"] = pd.to_datetime(seconds, unit="s", utc=True)
    return build_interactions(
        events.assign(price=1.0), WEIGHTS, "purchase", catalog_ids=pd.Series(list(catalog_ids), dtype="str")
    )


@pytest.fixture(scope="session")
def make_interactions() -> Callable[..., Interactions]:
    """`interactions_of`."""
    return interactions_of
