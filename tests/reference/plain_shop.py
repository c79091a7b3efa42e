"""A shop from a table of events in memory: what `pipelines.shops.read_shop` reads from files in batches."""

import pandas as pd

from data.arrays.writer import build_table
from data.catalog_arrays import build_attributes
from data.integrity import without_flagged
from pipelines.settings import Config
from pipelines.shops import ShopData, drawn_users
from shortlist.columns import EVENT_TYPE, ITEM_ID


def build_shop(events: pd.DataFrame, catalog: pd.DataFrame, config: Config) -> ShopData:
    """Turn canonical tables in memory into arrays, without the events that no person makes."""
    events = without_flagged(events, config.integrity)
    target, weights = config.event_weights.relative_to_target(events[EVENT_TYPE].unique())
    table = build_table(events, weights, target, catalog_ids=catalog[ITEM_ID])
    users = drawn_users(table, config.training.max_events, config.seed)
    return ShopData(table, table.interactions(users), build_attributes(catalog, table.items), target)
