"""A day beside what a training saw: events, catalogue, and the values of features and scores."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from monitoring.daily import COUNTS, MISSING_PREFIX, N_HOURS, TYPE_PREFIX, hours_of, priced
from monitoring.drift import WEEK, Change, change_of_counts, change_of_days, change_of_values
from monitoring.profiles import REFERENCE_DAYS, Profile, Sample, missing_shares
from monitoring.rules import Measured
from shortlist.columns import ITEM_ID, PRICE

OF_THE_MOMENT: Final = frozenset({"feature age_days", "feature idle_days", "feature user_tenure_days"})
"""They change with the moment that lists are made for, whatever customers do."""

GROWING: Final = frozenset(
    f"feature {name}"
    for name in ("buyers_share", "item_gap_days", "repeat_rate", "user_n_baskets", "user_n_items", "user_repeat_share")
)
"""They count over the whole log, and grow with it while it is young."""

COUNT: Final = ",.0f"
DECIMAL: Final = ".2f"
SHARE: Final = ".2%"

_DAILY: Final = {
    "events": ("volume", "events", COUNT),
    "users": ("volume", "customers", COUNT),
    "events_per_user": ("events_per_user", "events of a customer", DECIMAL),
    "top_user": ("top_user", "events of the busiest customer", COUNT),
    "unknown_items": ("unknown_items", "events whose item is not in the catalogue", SHARE),
    "top_item": ("top_item", "events with the most frequent item", SHARE),
}
_WEEKLY: Final = {
    "events": ("volume_of_week", "events a day in the last week", COUNT),
    "users": ("volume_of_week", "customers a day in the last week", COUNT),
    "events_per_user": ("events_per_user_of_week", "events of a customer a day in the last week", DECIMAL),
}


def compare_days(figures: pd.DataFrame) -> Iterator[Measured]:
    """The last day of some figures, and the last week, beside the days before.

    Parameters
    ----------
    figures : DataFrame, indexed by day
        As `monitoring.daily.daily_figures` gives them.
    """
    days, weeks = figures.iloc[-REFERENCE_DAYS - 1 :], figures.iloc[-REFERENCE_DAYS - WEEK :]
    n_events = float(days["events"].iloc[-1])
    for name in days.columns:
        rule, subject, form = _named(name)
        column = days[name] if name in COUNTS else days[name].where(days["events"] > 0)
        if name.startswith((TYPE_PREFIX, MISSING_PREFIX)):
            column = column.fillna(0.0)
        yield Measured(rule, subject, change_of_days(column, is_ratio=name in COUNTS, n_each=max(n_events, 1)), form)
    for name, (rule, subject, form) in _WEEKLY.items():
        yield Measured(rule, subject, change_of_days(weeks[name], WEEK), form)


def _named(name: str) -> tuple[str, str, str]:
    if name.startswith(TYPE_PREFIX):
        return "event_mix", f"events of the type {name.removeprefix(TYPE_PREFIX)}", SHARE
    if name.startswith(MISSING_PREFIX):
        return "missing_values", f"events without {name.removeprefix(MISSING_PREFIX)}", SHARE
    return _DAILY[name]


def compare_events(
    profile: Profile, events: pd.DataFrame, categories: pd.Series, usual_prices: pd.Series
) -> Iterator[Measured]:
    """A day's events beside those before a training: when, of which categories, and at which prices.

    Parameters
    ----------
    events : DataFrame
        Canonical, of one day.
    categories : Series of str by item id
        Of the catalogue of today; empty where an item has none.
    usual_prices : Series of float by item id
        What was paid for each item on average.
    """
    now = hours_of(events)
    same_weekday = now.groupby(now.index // N_HOURS).transform("sum") > 0
    hours = change_of_counts(profile.hours[same_weekday], now[same_weekday])
    yield Measured("hours", "customers by hour of the day", hours, COUNT)
    by_category = events[ITEM_ID].map(categories).value_counts()
    seen = change_of_counts(profile.event_categories, by_category)
    yield Measured("categories", "events by category", seen, COUNT)
    paid = priced(events)
    change = change_of_values(profile.samples["price"], paid[PRICE].to_numpy(dtype=np.float32))
    yield Measured("prices", "median price paid", change, DECIMAL)
    yield Measured("price_level", "price of an item beside what it cost before", _level(paid, usual_prices), DECIMAL)


def _level(paid: pd.DataFrame, usual: pd.Series) -> Change:
    """The median ratio of an item's price to what was paid for it before; a factor, at least 1, as effect."""
    ratio = paid.groupby(ITEM_ID)[PRICE].median() / usual[usual > 0]
    ratio = ratio.dropna()
    if ratio.empty:
        return Change(np.nan, 1.0, np.nan, np.nan)
    median = float(ratio.median())
    return Change(median, 1.0, max(median, 1 / median), np.nan)


def compare_catalogue(profile: Profile, catalog: pd.DataFrame, now: pd.Series, then: pd.Series) -> Iterator[Measured]:
    """The catalogue of today beside the one of a training: its size, what is missing, and its categories.

    Parameters
    ----------
    now, then : Series of str by item id
        Each item's category; empty where it has none.
    """
    if not len(catalog) or not profile.n_items:
        return
    ratio = len(catalog) / profile.n_items
    size = Change(float(len(catalog)), float(profile.n_items), max(ratio, 1 / ratio), np.nan)
    yield Measured("catalogue_size", "items of the catalogue", size, COUNT)
    for name, share in missing_shares(catalog).items():
        before = profile.missing.get(name, 1.0)
        more = Change(share, before, max(share - before, 0.0), np.nan)
        yield Measured("catalogue_values", f"items without {name}", more, SHARE)
    yield from _new_categories(now, then)


def _new_categories(now: pd.Series, then: pd.Series) -> Iterator[Measured]:
    """Items in categories that the training did not know, and what the largest of these was called before."""
    is_new = (now != "") & ~now.isin(then.unique())
    share = float(is_new.mean())
    change = Change(share, 0.0, share, np.nan)
    yield Measured("new_categories", f"items in new categories{_example(now[is_new], then)}", change, SHARE)


def _example(new: pd.Series, then: pd.Series) -> str:
    if new.empty:
        return ""
    largest = str(new.value_counts().index[0])
    before = then.reindex(new[new == largest].index).dropna()
    before = before[before != ""]
    was = f", before {before.value_counts().index[0]}" if len(before) else ""
    return f" (the largest: {largest}{was})"


def compare_samples(profile: Profile, samples: Mapping[str, Sample]) -> Iterator[Measured]:
    """Values of features and scores beside those of a training."""
    for name, values in samples.items():
        if name in profile.samples and name not in OF_THE_MOMENT:
            change = change_of_values(profile.samples[name], values)
            rule = "scores" if name == "score" else "growing_features" if name in GROWING else "features"
            yield Measured(rule, f"{name}, median", change, ".4g")
