"""Labels: what users did in a window."""

import numpy as np
import pandas as pd

from data.arrays.labels import collect_labels
from data.arrays.writer import build_interactions
from data.interactions import SECONDS_PER_DAY
from data.splits import LabelWindow


def test_labels_are_counted() -> None:
    """Each user's distinct items of the window, with how many target events each had; views and other days are none."""
    rows = [("u", "a", 10), ("u", "a", 12), ("u", "c", 11), ("u", "b", 30), ("v", "b", 12)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "day"]).assign(event_type="purchase", price=1.0)
    events.loc[len(events)] = ["u", "b", 11, "view", 1.0]
    events["timestamp"] = pd.to_datetime(events["day"] * SECONDS_PER_DAY, unit="s", utc=True)
    interactions = build_interactions(events, {"purchase": 1.0, "view": 0.2}, "purchase")
    labels = collect_labels(interactions, LabelWindow(10 * SECONDS_PER_DAY, 20 * SECONDS_PER_DAY))
    assert labels.user_idx.tolist() == [0, 1]
    assert (labels.item_idx.tolist(), labels.n_events.tolist()) == ([0, 2, 1], [2, 1, 1])
    assert labels.count(0, np.array([0, 1, 2, 3], np.int32)).tolist() == [2, 0, 1, 0]
    assert labels.count(1, np.zeros(0, np.int32)).tolist() == []
