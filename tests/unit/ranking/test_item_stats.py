"""What everybody did with each item, as of a moment."""

import numpy as np
import pandas as pd

from candidate_gen.profile import build_profile
from data.arrays.past import Past
from data.arrays.writer import build_interactions
from data.catalog_arrays import build_attributes
from ranking.item_stats import ItemStats, fit_item_stats

CUT = pd.Timestamp("2026-03-01", tz="UTC")
WEIGHTS = {"purchase": 1.0, "view": 0.2}


def _events(n_later_users: int) -> pd.DataFrame:
    """Three users before the cut, and others who come only after it."""
    rows = [
        (f"u{user}", f"p{item}", CUT - pd.Timedelta(days=user + item + 1)) for user in range(3) for item in range(4)
    ]
    rows += [(f"later{user}", "p0", CUT + pd.Timedelta(days=1)) for user in range(n_later_users)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return events.assign(event_type="purchase", price=2.0)


def _stats(n_later_users: int) -> ItemStats:
    interactions = build_interactions(_events(n_later_users), WEIGHTS, "purchase")
    attributes = build_attributes(pd.DataFrame({"item_id": []}), interactions.items)
    as_of = int(CUT.timestamp())
    return fit_item_stats(Past.before(interactions, as_of), attributes)


def test_users_to_come_change_nothing() -> None:
    """Statistics of a past are the same however many users are first seen after it."""
    with_future, without = _stats(50).arrays(), _stats(0).arrays()
    for name, array in without.items():
        np.testing.assert_array_equal(with_future[name], array, err_msg=name)


def test_unknown_prices_do_not_lower_the_mean() -> None:
    """The price of an item in a profile is the mean of the known prices alone."""
    rows = [("u", "p", CUT - pd.Timedelta(days=day), kind, price) for day, kind, price in
            [(1, "purchase", 8.0), (2, "view", np.nan), (3, "view", np.nan), (4, "purchase", 4.0)]]  # fmt: skip
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "event_type", "price"])
    interactions = build_interactions(events, WEIGHTS, "purchase")
    assert build_profile(interactions.history(0, int(CUT.timestamp()))).price.tolist() == [6.0]
