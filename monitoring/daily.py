"""What the days of a log are like: a row of figures for each."""

from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd

from shortlist.columns import EVENT_TYPE, ITEM_ID, PRICE, QUANTITY, SESSION_ID, TIMESTAMP, USER_ID, EventType

TYPE_PREFIX: Final = "type "
MISSING_PREFIX: Final = "no "
COUNTS: Final = ("events", "users", "events_per_user", "top_user")
"""Figures that are compared by their ratio; all others are shares."""

_OF_PURCHASES: Final = (PRICE, QUANTITY)
N_HOURS: Final = 24
WEEKDAYS: Final = 7


def daily_figures(events: pd.DataFrame, known_items: Collection[str]) -> pd.DataFrame:
    """Figures of each day (UTC) with an event.

    Parameters
    ----------
    events : DataFrame
        Canonical, cancels netted.
    known_items : collection of str
        The ids of the catalogue.

    Returns
    -------
    DataFrame, indexed by day
        ``events``, ``users``, ``events_per_user``; ``type T``: the share of events of type T; ``no price`` and ``no
        quantity``: shares of the purchases; ``no session_id``; ``unknown_items``: events whose item is not in the
        catalogue; ``top_item``: the largest share of one item; ``top_user``: the events of the busiest user.
    """
    day = days_of(events)
    by_day = events.groupby(day)
    n_events, n_users = by_day.size(), by_day[USER_ID].nunique()
    facts = {"events": n_events, "users": n_users, "events_per_user": n_events / n_users}
    facts |= _mix(events, day) | _missing(events, day)
    facts["unknown_items"] = (~events[ITEM_ID].isin(known_items)).groupby(day).mean()
    facts["top_item"] = _largest(events, day, ITEM_ID) / n_events
    facts["top_user"] = _largest(events, day, USER_ID)
    return pd.DataFrame(facts, dtype="float64")


def days_of(events: pd.DataFrame) -> pd.Series:
    """The day (UTC) of each event, without a time zone."""
    days: pd.Series = events[TIMESTAMP].dt.tz_convert(None).dt.floor("D")
    return days.rename("day")


def hours_of(events: pd.DataFrame) -> pd.Series:
    """How many users were there in each hour of the week, counted once a day, indexed 0 (Monday, midnight) to 167."""
    hours = events[TIMESTAMP].dt.tz_convert(None).dt.floor("h")
    visits: pd.DataFrame = pd.DataFrame({"hour": hours, "user": events[USER_ID]}).drop_duplicates()
    place = visits["hour"].dt.day_of_week * N_HOURS + visits["hour"].dt.hour
    counts = np.bincount(place.to_numpy(), minlength=WEEKDAYS * N_HOURS)
    return pd.Series(counts, index=range(len(counts)), dtype="float64")


def _mix(events: pd.DataFrame, day: pd.Series) -> dict[str, pd.Series]:
    counts = events.groupby([day, EVENT_TYPE]).size().unstack(fill_value=0)
    shares = counts.div(counts.sum(axis=1), axis=0)
    return {f"{TYPE_PREFIX}{name}": shares[name] for name in shares.columns}


def _missing(events: pd.DataFrame, day: pd.Series) -> dict[str, pd.Series]:
    is_purchase = events[EVENT_TYPE] == str(EventType.PURCHASE)
    bought, of_bought = events[is_purchase], day[is_purchase]
    found = {f"{MISSING_PREFIX}{name}": bought[name].isna().groupby(of_bought).mean() for name in _OF_PURCHASES}
    return found | {f"{MISSING_PREFIX}{SESSION_ID}": events[SESSION_ID].isna().groupby(day).mean()}


def _largest(events: pd.DataFrame, day: pd.Series, column: str) -> pd.Series:
    counts: pd.Series = events.groupby([day, column]).size()
    return counts.groupby(level=0).max()


def priced(events: pd.DataFrame) -> pd.DataFrame:
    """The purchases whose price is known and positive: item and price."""
    is_priced = (events[EVENT_TYPE] == str(EventType.PURCHASE)) & (events[PRICE] > 0)
    return events.loc[is_priced, [ITEM_ID, PRICE]]


def complete_days(figures: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """The days that are over at a moment, those without an event included: nothing happened on them."""
    over = figures[figures.index <= end - pd.Timedelta(days=1)]
    if over.empty:
        return over
    whole = over.reindex(pd.date_range(over.index[0], over.index[-1], freq="D", name="day"))
    return whole.fillna(dict.fromkeys(("events", "users"), 0.0)).replace([np.inf, -np.inf], np.nan)
