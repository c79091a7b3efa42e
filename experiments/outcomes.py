"""What became of served lists: clicks, baskets, purchases and money, each counted for one list.

An event that names a list (``recommendation_id``) counts for it, if the item was in it. Any other counts for the last
list that showed the item to the user within a window before it (last touch). Nothing is counted twice.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from pydantic import Field

from data.log.exposures import FAILED
from shortlist.columns import (
    EVENT_TYPE,
    ITEM_ID,
    PRICE,
    QUANTITY,
    RECOMMENDATION_ID,
    TIMESTAMP,
    USER_ID,
    EventType,
)
from shortlist.config import ConfigModel

KINDS: Final = {
    "clicks": (EventType.CLICK, EventType.VIEW),
    "carts": (EventType.ADD_TO_CART,),
    "purchases": (EventType.PURCHASE,),
}
"""What is counted of a list's items, and the event types that it is made of."""

USER: Final = "user"
SHOWN_AT: Final = "shown_at"
REVENUE: Final = "revenue"
MARGIN: Final = "margin"


class OutcomesConfig(ConfigModel):
    """The [outcomes] table: for how long after it was shown an item's events count for a list that they do not name."""

    attribution_hours: float = Field(default=24.0, gt=0, le=24 * 90)


def outcomes_of(
    exposures: pd.DataFrame, events: pd.DataFrame, costs: Mapping[str, float], hours: float
) -> pd.DataFrame:
    """Join lists with events.

    Parameters
    ----------
    exposures : DataFrame
        As `data.log.exposures.read_exposures` gives them.
    events : DataFrame
        Canonical, cancels netted, by time; `USER_ID` holds the pseudonyms of the exposures.
    costs : mapping of str to float
        What one unit of an item costs the shop.
    hours : float
        The attribution window.

    Returns
    -------
    DataFrame
        The exposures, those that failed too, with ``n_items``, the counts of `KINDS`, ``revenue``, and ``margin``: of
        the purchases whose item has a cost, NaN where none has.
    """
    counted = _attributed(_shown_items(exposures), events, pd.Timedelta(hours=hours))
    counted = counted.assign(**_money(counted, costs))
    by_list = counted.groupby(RECOMMENDATION_ID)
    made = {
        name: counted[counted[EVENT_TYPE].isin([str(one) for one in types])].groupby(RECOMMENDATION_ID).size()
        for name, types in KINDS.items()
    }
    made |= {REVENUE: by_list[REVENUE].sum(), MARGIN: by_list[MARGIN].sum(min_count=1)}
    found = exposures.assign(n_items=exposures["item_ids"].map(len))
    for name, values in made.items():
        column = found[RECOMMENDATION_ID].map(values)
        found[name] = column if name == MARGIN else column.fillna(0)
    return found.astype(dict.fromkeys(KINDS, "int64"))


def _shown_items(exposures: pd.DataFrame) -> pd.DataFrame:
    """A row for each item of each list."""
    columns = [RECOMMENDATION_ID, USER, SHOWN_AT, "item_ids"]
    items = exposures[columns].explode("item_ids").rename(columns={"item_ids": ITEM_ID}).dropna(subset=[ITEM_ID])
    return items.astype(dict.fromkeys((RECOMMENDATION_ID, USER, ITEM_ID), "str"))


def _attributed(shown: pd.DataFrame, events: pd.DataFrame, window: pd.Timedelta) -> pd.DataFrame:
    """The events that count, each with its list."""
    wanted = events[events[EVENT_TYPE].isin([str(one) for types in KINDS.values() for one in types])]
    pairs = pd.MultiIndex.from_frame(shown[[RECOMMENDATION_ID, ITEM_ID]])
    is_named = pd.MultiIndex.from_frame(wanted[[RECOMMENDATION_ID, ITEM_ID]]).isin(pairs)
    others = wanted[~is_named].drop(columns=RECOMMENDATION_ID).sort_values(TIMESTAMP, kind="stable")
    shown = shown.dropna(subset=[USER]).sort_values(SHOWN_AT, kind="stable")
    touched = pd.merge_asof(
        others,
        shown,
        left_on=TIMESTAMP,
        right_on=SHOWN_AT,
        left_by=[USER_ID, ITEM_ID],
        right_by=[USER, ITEM_ID],
        tolerance=window,
    ).dropna(subset=[RECOMMENDATION_ID])
    return pd.concat([wanted[is_named], touched], ignore_index=True)


def _money(counted: pd.DataFrame, costs: Mapping[str, float]) -> dict[str, pd.Series]:
    """What each event brought in, and what of it is left."""
    is_bought = counted[EVENT_TYPE] == str(EventType.PURCHASE)
    quantity = counted[QUANTITY].fillna(1.0)
    revenue = (counted[PRICE].fillna(0.0) * quantity).where(is_bought, 0.0)
    cost = counted[ITEM_ID].map(costs).astype("float64") * quantity
    return {REVENUE: revenue, MARGIN: (revenue - cost).where(is_bought, np.nan)}


def category_distances(exposures: pd.DataFrame, categories: pd.Series) -> pd.Series:
    """How different the items of each list are: the share of its pairs of items whose categories differ.

    Intra-list diversity (Ziegler et al., "Improving recommendation lists through topic diversification", WWW 2005) with
    a distance of 1 between categories.

    Parameters
    ----------
    categories : Series of str by item id
        Empty where an item has none: such items are left out.

    Returns
    -------
    Series of float
        By `RECOMMENDATION_ID`; lists without a pair are not in it.
    """
    items = _shown_items(exposures)
    named = items.assign(category=items[ITEM_ID].map(categories).fillna(""))
    sizes = named[named["category"] != ""].groupby([RECOMMENDATION_ID, "category"]).size()
    same = (sizes * (sizes - 1) / 2).groupby(level=0).sum()
    n = sizes.groupby(level=0).sum()
    pairs = (n * (n - 1) / 2)[n > 1]
    distances: pd.Series = 1.0 - same[pairs.index] / pairs
    return distances


def summary_of(outcomes: pd.DataFrame, by: str) -> pd.DataFrame:
    """One row for each value of a column: lists, users, rates of lists with at least one of a kind, money.

    Returns
    -------
    DataFrame
        ``lists``, ``users``; ``click_rate``, ``cart_rate``, ``conversion_rate``: shares of lists; ``revenue_per_list``,
        ``revenue_per_user``, and ``margin_per_list`` over the lists whose purchases have a cost or that have none.
    """
    rows = {}
    for value, lists in outcomes[outcomes["source"] != FAILED].groupby(by, dropna=False, sort=True):
        n_users = int(lists[USER].nunique())
        rows[str(value)] = {
            "lists": len(lists),
            "users": n_users,
            "click_rate": float((lists["clicks"] > 0).mean()),
            "cart_rate": float((lists["carts"] > 0).mean()),
            "conversion_rate": float((lists["purchases"] > 0).mean()),
            "revenue_per_list": float(lists[REVENUE].sum() / len(lists)),
            "revenue_per_user": float(lists[REVENUE].sum() / n_users) if n_users else None,
            "margin_per_list": float(lists[MARGIN].sum() / len(lists)) if lists[MARGIN].notna().any() else None,
        }
    return pd.DataFrame.from_dict(rows, orient="index")
