"""The shoppers of a synthetic shop, a block at a time: each block is drawn from its own seed, in any order."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from data.interactions import SECONDS_PER_DAY
from data.synthetic.shop import DAYS_PER_WEEK, Float64, Int64, ShopPlan, SyntheticItems
from shortlist.columns import EventType
from shortlist.ids import MISSING

TYPES: Final = (EventType.VIEW, EventType.ADD_TO_CART, EventType.PURCHASE)
_TYPE_ENDS: Final = (0.62, 0.72)
"""Of what is no staple: views, things put in the cart, and the rest is bought."""

TASTES: Final = 3
_TASTE_SHARES: Final = np.array([0.55, 0.3, 0.15])
SHARE_OF_TASTE: Final = 0.8
"""Of the events, those that are of the shopper's own tastes; the others are of whatever sells."""

STAPLES: Final = 3
"""How many items of a taste that is used up a shopper buys again and again."""

SHARE_STAPLE: Final = 0.5
SHARE_FROM_START: Final = 0.5
"""Of the shoppers, those who are there from the first day; the others come at any time."""

EVENTS_PER_SESSION: Final = 2.5
SESSION_SECONDS: Final = 1_800
_WEEKDAYS: Final = np.array([0.9, 0.9, 0.95, 1.0, 1.15, 1.2, 0.9])
_SPREAD: Final = 0.8
"""Of the logarithm of events a shopper."""


@dataclass(frozen=True, slots=True)
class Shoppers:
    """A block of shoppers and what they did, by shopper and time.

    Attributes
    ----------
    number : ndarray of int64, shape (n_users,)
    tastes : ndarray of int64, shape (n_users, TASTES)
        The strongest first.
    user, item, event_type, second : ndarray of int64, shape (n_events,)
        The shopper's place in the block, the item's position, the place in `TYPES`, seconds since 1970.
    quantity : ndarray of float64, shape (n_events,)
        Missing where nothing was bought.
    price : ndarray of float64, shape (n_events,)
    """

    number: Int64
    tastes: Int64
    user: Int64
    item: Int64
    event_type: Int64
    second: Int64
    quantity: Float64
    price: Float64


def make_shoppers(plan: ShopPlan, items: SyntheticItems, numbers: range) -> Shoppers:
    """Draw the shoppers of some numbers, and all that they did."""
    draw = np.random.default_rng([plan.seed, 1, numbers.start])
    tastes = np.searchsorted(np.cumsum(items.taste_weight)[:-1], draw.random((len(numbers), TASTES)), side="right")
    user, second, taste = _looks(plan, tastes, draw)
    staple = _is_staple(items, taste, draw)
    taste = np.where(staple | (draw.random(len(taste)) < SHARE_OF_TASTE), taste, MISSING)
    which = draw.integers(STAPLES, size=len(user))
    second[staple] = _on_cycle(plan, items.cycle_days[taste[staple]], second[staple], user[staple], which[staple])
    week = (second - plan.start) // (SECONDS_PER_DAY * DAYS_PER_WEEK)
    week[staple] = 0  # the same item all year
    luck = np.where(staple, _own_luck(numbers.start + user, which, taste), draw.random(len(user)))
    item = items.drawn(week, taste, luck)
    order = np.lexsort((second, user))
    bought = np.where(staple, 2, np.searchsorted(_TYPE_ENDS, draw.random(len(user)), side="right"))
    quantity = np.where(bought == len(TYPES) - 1, 1.0 + (draw.random(len(user)) < 0.2), np.nan)
    on_sale = (items.number[item] + week) % 10 == 0
    price = np.round(items.price[item] * np.where(on_sale, 0.8, 1.0), 2)
    return Shoppers(
        number=np.arange(numbers.start, numbers.stop),
        tastes=tastes,
        user=user[order],
        item=item[order],
        event_type=bought[order],
        second=second[order],
        quantity=quantity[order],
        price=price[order],
    )


def _looks(plan: ShopPlan, tastes: Int64, draw: np.random.Generator) -> tuple[Int64, Int64, Int64]:
    """Whose each event is, when it is, and of which of the shopper's tastes: one for a session."""
    joined = np.where(draw.random(len(tastes)) < SHARE_FROM_START, 0.0, draw.random(len(tastes)))
    n_events = _counts(plan, 1 - joined, draw)
    n_sessions = np.maximum(1, np.round(n_events / EVENTS_PER_SESSION).astype(np.int64))
    begins = _session_starts(plan, np.repeat(joined, n_sessions), draw)
    chosen = draw.choice(TASTES, len(begins), p=_TASTE_SHARES)
    user = np.repeat(np.arange(len(tastes)), n_events)
    first = np.cumsum(n_sessions) - n_sessions
    session = first[user] + (draw.random(len(user)) * n_sessions[user]).astype(np.int64)
    second = begins[session] + draw.integers(SESSION_SECONDS, size=len(user))
    return user, np.minimum(second, plan.start + plan.n_days * SECONDS_PER_DAY - 1), tastes[user, chosen[session]]


def _counts(plan: ShopPlan, presence: Float64, draw: np.random.Generator) -> Int64:
    """Events of each shopper: log-normal with the plan's mean, in proportion to the presence, at least one."""
    mean = plan.events_per_user * presence / ((1 + SHARE_FROM_START) / 2)
    counts = mean * np.exp(draw.normal(-(_SPREAD**2) / 2, _SPREAD, len(presence)))
    whole: Int64 = np.clip(np.round(counts), 1, 100 * plan.events_per_user).astype(np.int64)
    return whole


def _session_starts(plan: ShopPlan, joined: Float64, draw: np.random.Generator) -> Int64:
    """Seconds: after the shopper came (a share of the log), more at weekends and in the evening."""
    day_sums = np.concatenate([[0.0], np.cumsum(_WEEKDAYS[np.arange(plan.n_days) % DAYS_PER_WEEK])])
    luck: Float64 = joined + (1 - joined) * draw.random(len(joined))
    day = np.clip(np.searchsorted(day_sums, luck * day_sums[-1], side="right") - 1, 0, plan.n_days - 1)
    hour = np.clip(draw.normal(17.0, 4.0, len(day)), 0.0, 23.9)
    second: Int64 = (plan.start + day * SECONDS_PER_DAY + hour * 3_600).astype(np.int64)
    return second


def _is_staple(items: SyntheticItems, taste: Int64, draw: np.random.Generator) -> npt.NDArray[np.bool_]:
    is_used_up: npt.NDArray[np.bool_] = items.cycle_days[taste] > 0
    return is_used_up & (draw.random(len(taste)) < SHARE_STAPLE)


def _on_cycle(plan: ShopPlan, cycle_days: Int64, second: Int64, user: Int64, which: Int64) -> Int64:
    """The moment of the staple's cycle that is nearest; the shopper's own one where that lies outside the log."""
    cycle = cycle_days * SECONDS_PER_DAY
    phase = _own_luck(user, which, cycle_days) * cycle
    since = second - plan.start
    moved = (np.round((since - phase) / cycle) * cycle + phase + since % 3_600).astype(np.int64)
    return np.where((moved >= 0) & (moved < plan.n_days * SECONDS_PER_DAY), plan.start + moved, second)


def _own_luck(user: Int64, which: Int64, taste: Int64) -> Float64:
    """A number in [0, 1) that is always the same for the same shopper, staple and taste (multiplicative hashing)."""
    key = (user.astype(np.uint64) * np.uint64(STAPLES) + which.astype(np.uint64)) * np.uint64(100_003)
    mixed = (key + taste.astype(np.int64).astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    return (mixed * np.uint64(0xBF58476D1CE4E5B9) >> np.uint64(11)).astype(np.float64) / 2.0**53
