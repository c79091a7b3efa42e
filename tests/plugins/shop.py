"""A small shop whose right answers are known, and a home trained on it.

Our own packages are imported where they are used: loading this plugin costs nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import pandas as pd

    from data.sources import RawTable
    from pipelines.settings import Config
    from ranking.recommender import Recommender
    from shortlist.home import Home

N_USERS, N_ITEMS, N_DAYS = 200, 120, 140
START = datetime(2026, 1, 1, tzinfo=UTC)
CATEGORIES = ("Food > Fruit", "Food > Bakery", "Home > Kitchen", "Home > Garden")


def checkerboard_events(seed: int = 7) -> pd.DataFrame:
    """Even users buy even items and odd users odd ones, about once a week each, with favourites bought again."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    rows = []
    for user in range(N_USERS):
        own = np.arange(user % 2, N_ITEMS, 2)
        favourites = rng.choice(own, size=6, replace=False)
        for day in np.flatnonzero(rng.random(N_DAYS) < 1 / 7):
            basket = set(rng.choice(favourites, size=2)) | set(rng.choice(own, size=2))
            moment = pd.Timestamp(START) + pd.Timedelta(days=int(day), seconds=int(rng.integers(28_800, 72_000)))
            rows += [(f"user-{user:03}", f"item-{item:03}", moment, "purchase", 1.0 + item / 10) for item in basket]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "event_type", "price"])
    return events.astype({"user_id": "str", "item_id": "str", "event_type": "str"})


def checkerboard_catalog() -> pd.DataFrame:
    """Items of four categories and three brands; every tenth is out of stock, and two were never bought."""
    import numpy as np
    import pandas as pd

    numbers = np.arange(N_ITEMS + 2)
    return pd.DataFrame(
        {
            "item_id": [f"item-{number:03}" for number in numbers],
            "title": [f"Thing {number}" for number in numbers],
            "category": [CATEGORIES[number % 4] for number in numbers],
            "brand": [f"brand-{number % 3}" for number in numbers],
            "price": 1.0 + numbers / 10,
            "availability": numbers % 10 != 9,
        }
    )


def import_shop(home: Home, events: pd.DataFrame, catalog: pd.DataFrame) -> None:
    """Import tables as `shortlist import` imports files."""
    from data.checking import Sources
    from data.events import Reading
    from data.importing import import_tables
    from data.settings import DataConfig

    sources = Sources(events=[_raw("events", events)], items=[_raw("items", catalog)])
    import_tables(home, sources, Reading("shortlist"), DataConfig(), now=datetime(2026, 12, 1, tzinfo=UTC))


def _raw(name: str, rows: pd.DataFrame) -> RawTable:
    import numpy as np
    import pandas as pd

    from data.sources import RawTable

    return RawTable(name, rows.reset_index(drop=True), pd.Series(np.arange(1, len(rows) + 1)))


@pytest.fixture(scope="session")
def small_config() -> Config:
    """The default configuration with fewer trees and factors."""
    from pipelines.settings import Config

    als = {"factors": 16, "search_seconds": 0}
    ranking = {"max_trees": 15, "objective": "lambdarank", "n_windows": 2, "negatives_per_query": 20, "order": "ranker"}
    return Config.model_validate({"candidate_gen": {"als": als}, "ranking": ranking})


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory, small_config: Config) -> Home:
    """A home with one bundle, trained on the checkerboard shop and published. Tests leave it as it is."""
    from pipelines.training import train
    from shortlist.home import Home
    from shortlist.progress import SilentReporter
    from shortlist.registry import Registry

    home = Home(tmp_path_factory.mktemp("small") / "home")
    import_shop(home, checkerboard_events(), checkerboard_catalog())
    manifest = train(home, small_config, SilentReporter())
    Registry(home).publish(manifest.version)
    return home


@pytest.fixture(scope="session")
def small_recommender(small_home: Home) -> Recommender:
    """The recommender of that bundle."""
    from ranking.bundling import load_recommender
    from shortlist.registry import Registry

    return load_recommender(Registry(small_home).open("current"))
