"""From tables to a recommender, also where there is next to nothing."""

import numpy as np
import pandas as pd
import pytest
from plain_shop import build_shop

from pipelines.settings import Config
from pipelines.training import fit_recommender
from ranking.query import Query
from shortlist.errors import DataError
from shortlist.progress import SilentReporter

CONFIG = Config.model_validate(
    {"candidate_gen": {"als": {"factors": 4, "iterations": 2, "search_seconds": 0}}, "ranking": {"max_trees": 5}}
)
START = pd.Timestamp("2026-01-01", tz="UTC")
NO_CATALOG = pd.DataFrame({"item_id": pd.Series([], dtype="str")})


def events_of(rows) -> pd.DataFrame:
    """Canonical events of rows of user, item, day and type."""
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "day", "event_type"])
    return events.assign(timestamp=START + pd.to_timedelta(events["day"], unit="D"), price=np.nan)


LOGS = {
    "one event": [("u0", "i0", 1, "purchase")],
    "one moment in time": [(f"u{n % 30}", f"i{n % 7}", 50, "purchase") for n in range(100)],
    "five events": [(f"u{n % 3}", f"i{n % 2}", 10 * n, "purchase") for n in range(5)],
    "one user": [("u0", f"i{n % 5}", n, "purchase") for n in range(100)],
    "one item": [(f"u{n % 20}", "i0", n, "purchase") for n in range(60)],
    "views alone": [(f"u{n % 5}", f"i{n % 5}", n, "view") for n in range(30)],
    "one event with no weight more": [("u0", "i0", 1, "purchase"), ("u9", "i9", 2, "impression")],
}


@pytest.mark.parametrize("name", LOGS)
def test_lists_come_out_of_next_to_nothing(name: str) -> None:
    """Without a ranker every user, known or not, gets in every stage as many items as there are."""
    events = events_of(LOGS[name])
    shop = build_shop(events, NO_CATALOG, CONFIG)
    as_of = int(events["timestamp"].max().timestamp()) + 1
    trained = fit_recommender(shop, as_of, CONFIG, SilentReporter())
    assert trained.recommender.two_stage.ranker is None
    assert trained.choices.ranker == "none"
    assert trained.metrics == {"index_recall": 1.0}
    n_items = len(shop.interactions.items)
    for user in ("u0", "nobody"):
        for stage in ("full", "retrieval"):
            found = trained.recommender.recommend(Query(user, limit=10, stage=stage, explain=True))
            assert len(found.items) == min(10, n_items)
            assert found.source == ("popular" if user == "nobody" else "personalized")


def test_strongest_type_is_the_target() -> None:
    """Purchases are the target where there are any; else the next strongest type is, with the weight 1."""
    rows = [("u0", "i0", 1, "view"), ("u0", "i1", 1, "add_to_cart")]
    shop = build_shop(events_of(rows), NO_CATALOG, CONFIG)
    assert shop.target == "add_to_cart"
    weights = dict(zip(shop.interactions.is_target.tolist(), shop.interactions.weight.tolist(), strict=True))
    assert weights == {False: pytest.approx(0.2 / 0.6), True: 1.0}
    assert build_shop(events_of([*rows, ("u0", "i0", 2, "purchase")]), NO_CATALOG, CONFIG).target == "purchase"


def test_nothing_of_weight_is_refused() -> None:
    """A log of impressions alone is a `DataError` that says what is missing."""
    with pytest.raises(DataError, match="positive weight"):
        build_shop(events_of([("u0", "i0", 1, "impression")]), NO_CATALOG, CONFIG)
