"""A smaller shop, to train on in a second."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.catalog import read_items
from data.checking import Sources
from data.events import Reading
from data.importing import import_tables
from data.settings import DataConfig
from data.sources import RawTable
from data.store import read_events
from pipelines.settings import Config
from shortlist.home import Home

MakeHome = Callable[[Path, pd.DataFrame], Home]


@pytest.fixture(scope="session")
def tiny_events(small_home: Home) -> pd.DataFrame:
    """The events of sixty users of the small shop."""
    events = read_events(small_home, columns=["user_id", "item_id", "timestamp", "event_type", "price"])
    return events[events["user_id"] < "user-060"].reset_index(drop=True)


@pytest.fixture(scope="session")
def make_home(small_home: Home) -> MakeHome:
    """Import events, and the small shop's catalogue, into a new home."""
    catalog = read_items(small_home)[["item_id", "title", "category", "brand", "price", "availability"]]

    def make(root: Path, events: pd.DataFrame) -> Home:
        home = Home(root)
        tables = {
            name: RawTable(name, rows.reset_index(drop=True), pd.Series(np.arange(1, len(rows) + 1)))
            for name, rows in (("events", events), ("items", catalog))
        }
        sources = Sources(events=[tables["events"]], items=[tables["items"]])
        import_tables(home, sources, Reading("shortlist"), DataConfig(), now=datetime(2026, 12, 1, tzinfo=UTC))
        return home

    return make


@pytest.fixture(scope="session")
def tiny_config() -> Config:
    """Few factors, few trees, two label windows."""
    ranking = {"max_trees": 5, "n_windows": 2, "min_queries": 10, "horizon_days": 14}
    als = {"factors": 8, "iterations": 4, "search_seconds": 0}
    return Config.model_validate({"candidate_gen": {"als": als}, "ranking": ranking})
