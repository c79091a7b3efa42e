"""How varied a day's lists are, and how often they hit, beside what a training promised."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from data.arrays.past import Past
from monitoring.comparison import DECIMAL, SHARE
from monitoring.drift import Change, change_of_shares
from monitoring.profiles import Lists, Profile
from monitoring.rules import Measured
from offline_eval.list_figures import coverage, diversity, gini, novelty
from pipelines.served_lists import ListsOfDay
from pipelines.shops import drawn_users
from ranking.recommender import Recommender
from shortlist.ids import MISSING

MAX_EVENTS: Final = 5_000_000
"""Of a larger log, novelty and diversity are by the users drawn at random who have so many."""


def compare_lists(profile: Profile, recommender: Recommender, day: ListsOfDay, *, is_new: bool) -> Iterator[Measured]:
    """The day's lists beside those of the training, as many of each: coverage grows with the number of lists."""
    n = min(len(profile.lists), len(day.lists))
    if n == 0:
        return
    promised, seen = _spread(profile.lists, n), _spread(day.lists, n)
    table = recommender.table
    drawn = table.interactions(drawn_users(table, MAX_EVENTS, rng=0))
    owners = Past.before(drawn, recommender.as_of).pairs().T.tocsr()
    n_items, n_users = owners.shape
    n_owners = np.diff(owners.indptr).astype(np.int64)
    covered, before = coverage(seen, n_items), coverage(promised, n_items)
    yield Measured("coverage", "items of the catalogue in lists", _ratio(covered, before), SHARE)
    shown = _difference(gini(seen, n_items), gini(promised, n_items))
    yield Measured("gini", "Gini of how often items are listed", shown, DECIMAL)
    varied = _difference(diversity(seen, owners), diversity(promised, owners))
    yield Measured("diversity", "distance of two items of a list", varied, DECIMAL)
    new = _difference(novelty(seen, n_owners, n_users), novelty(promised, n_owners, n_users))
    yield Measured("novelty", "novelty of listed items, bits", new, DECIMAL)
    yield Measured(
        "top_item_of_lists", "lists with the most listed item", _difference(_top(seen), _top(promised)), SHARE
    )
    if is_new:
        yield from _compare_users(profile, day)


def _compare_users(profile: Profile, day: ListsOfDay) -> Iterator[Measured]:
    """What takes the users' own past: of lists by models that did not know the day."""
    if profile.repeat_share is not None and len(day.made):
        repeats = _difference(float(day.made.is_repeat.mean()), profile.repeat_share)
        yield Measured("repeats", "listed items that the customer had before", repeats, SHARE)
    if profile.hit_days == 1.0:
        hits = change_of_shares(profile.n_hits, len(profile.lists), day.n_hits, day.n_users)
        fewer = hits if hits.value < hits.expected else hits._replace(effect=1.0)  # more hits are no fault
        yield Measured("hit_rate", "customers who took an item of their list", fewer, SHARE)


def _spread(lists: Lists, n: int) -> Lists:
    return lists[np.linspace(0, len(lists) - 1, n).astype(np.int64)]


def _top(lists: Lists) -> float:
    """The share of lists that hold the most listed item."""
    return float(np.bincount(lists[lists != MISSING]).max(initial=0) / len(lists))


def _ratio(value: float, expected: float) -> Change:
    ratio = value / expected if expected and value else np.nan
    return Change(value, expected, max(ratio, 1 / ratio), np.nan)


def _difference(value: float, expected: float) -> Change:
    return Change(value, expected, abs(value - expected), np.nan)
