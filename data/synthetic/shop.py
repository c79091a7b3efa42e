"""The items of a synthetic shop: tastes that nobody sees, and how likely each item is in each week."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from shortlist.columns import BRAND, CATEGORY, CATEGORY_SEPARATOR, CREATED_AT, ITEM_ID, PRICE, TITLE
from shortlist.config import ConfigModel
from shortlist.ids import MISSING

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

DAYS_PER_WEEK: Final = 7
CYCLES_DAYS: Final = (7, 14, 28, 56)
"""How often what is used up is bought again."""

SHARE_USED_UP: Final = 0.25
SHARE_LAUNCHED: Final = 0.14
SHARE_COLD: Final = 0.01
"""Of the items, those that come during the log, and those that come at its very end, which nobody has had."""

MAX_TASTES: Final = 400
TASTES_PER_CATEGORY: Final = 4
_CATEGORY_SHARES: Final = (0.6, 0.3, 0.1)
"""A taste's items lie in three categories, so that no category is a taste."""


class ShopPlan(ConfigModel):
    """What a synthetic shop is made of; the same plan makes the same shop to the last byte."""

    n_users: int = Field(ge=1)
    n_items: int = Field(ge=20)
    n_days: int = Field(default=365, ge=28)
    events_per_user: float = Field(default=20.0, gt=0)
    last_day: date = date(2025, 12, 31)
    seed: int = 42

    @property
    def start(self) -> int:
        """The first second of the log."""
        midnight = datetime(self.last_day.year, self.last_day.month, self.last_day.day, tzinfo=UTC)
        return int((midnight - timedelta(days=self.n_days - 1)).timestamp())

    @property
    def n_weeks(self) -> int:
        """Weeks that have begun."""
        return -(-self.n_days // DAYS_PER_WEEK)

    @property
    def n_tastes(self) -> int:
        """Groups of items that please the same shoppers."""
        return int(np.clip(np.sqrt(self.n_items) * 1.25, 4, MAX_TASTES))


@dataclass(frozen=True, slots=True)
class SyntheticItems:
    """The items, by taste.

    Attributes
    ----------
    number : ndarray of int64, shape (n_items,)
        What an item's id is made of; in no order, so that ids tell nothing.
    taste_ends : ndarray of int64, shape (n_tastes + 1,)
        The items of taste t are ``[taste_ends[t], taste_ends[t + 1])``.
    cycle_days : ndarray of int64, shape (n_tastes,)
        How often items of a taste are bought again; 0 where they are not used up.
    category : ndarray of int64, shape (n_items,)
    price : ndarray of float64, shape (n_items,)
    launch_day : ndarray of int64, shape (n_items,)
        Negative where an item was there before the log.
    weekly : ndarray of float64, shape (n_weeks, n_items + 1)
        Running sum of how likely each item is in each week, from 0 on.
    """

    number: Int64
    taste_ends: Int64
    cycle_days: Int64
    category: Int64
    price: Float64
    launch_day: Int64
    weekly: Float64

    def __len__(self) -> int:
        return len(self.number)

    @property
    def taste(self) -> Int64:
        """The taste of each item."""
        return np.repeat(np.arange(len(self.cycle_days)), np.diff(self.taste_ends))

    @property
    def taste_weight(self) -> Float64:
        """How much of what the shop sells is of each taste, over the whole log; sums to 1."""
        sold = self.weekly[:, self.taste_ends].sum(axis=0)
        weight: Float64 = np.diff(sold) / sold[-1]
        return weight

    def drawn(self, week: Int64, taste: Int64, luck: Float64) -> Int64:
        """An item for each draw: of a taste, or of all where it is ``MISSING``, as likely as it is in that week.

        Parameters
        ----------
        week, taste : ndarray of int64, shape (n,)
        luck : ndarray of float64, shape (n,)
            In [0, 1); the same luck draws the same item.
        """
        place = np.zeros(len(week), dtype=np.int64)
        for one in np.unique(week):
            rows = np.flatnonzero(week == one)
            sums, among = self.weekly[one], taste[rows]
            low = np.where(among == MISSING, 0, self.taste_ends[among])
            high = np.where(among == MISSING, len(self), self.taste_ends[among + 1])
            wanted = sums[low] + luck[rows] * (sums[high] - sums[low])
            place[rows] = np.clip(np.searchsorted(sums, wanted, side="right") - 1, low, high - 1)
        return place


def make_items(plan: ShopPlan) -> SyntheticItems:
    """Draw the items of a plan."""
    draw = np.random.default_rng([plan.seed, 0])
    sizes = 1 + draw.multinomial(plan.n_items - plan.n_tastes, draw.dirichlet(np.full(plan.n_tastes, 3.0)))
    ends = np.concatenate([[0], np.cumsum(sizes)])
    taste = np.repeat(np.arange(plan.n_tastes), sizes)
    used_up = draw.random(plan.n_tastes) < SHARE_USED_UP
    category = _categories(taste, plan, draw)
    launch_day = _launch_days(plan, draw)
    launch_day[ends[:-1]] = -1  # there is always something of every taste
    return SyntheticItems(
        number=draw.permutation(plan.n_items),
        taste_ends=ends,
        cycle_days=np.where(used_up, draw.choice(CYCLES_DAYS, plan.n_tastes), 0),
        category=category,
        price=np.round(
            np.exp(draw.normal(2.0, 1.0, category.max() + 1)[category] + draw.normal(0.5, 0.5, len(taste))), 2
        ),
        launch_day=launch_day,
        weekly=_weekly(plan, taste, launch_day, draw),
    )


def _categories(taste: Int64, plan: ShopPlan, draw: np.random.Generator) -> Int64:
    n_categories = max(3, plan.n_tastes // TASTES_PER_CATEGORY)
    of_taste = draw.integers(n_categories, size=(plan.n_tastes, len(_CATEGORY_SHARES)))
    picked: Int64 = of_taste[taste, draw.choice(len(_CATEGORY_SHARES), len(taste), p=_CATEGORY_SHARES)]
    return picked


def _launch_days(plan: ShopPlan, draw: np.random.Generator) -> Int64:
    luck = draw.random(plan.n_items)
    days = np.where(
        luck < SHARE_LAUNCHED, draw.integers(plan.n_days, size=plan.n_items), -draw.integers(1, 900, plan.n_items)
    )
    return np.where(luck > 1 - SHARE_COLD, plan.n_days - 1, days)


def _weekly(plan: ShopPlan, taste: Int64, launch_day: Int64, draw: np.random.Generator) -> Float64:
    """Popularity within the taste and of the taste (both skewed), trend of the item, season of the taste, launch."""
    appeal = _skewed(plan.n_items, 0.7, draw) * _skewed(plan.n_tastes, 0.6, draw)[taste]
    slope, peak, height = (
        draw.normal(0.0, 0.6, plan.n_items),
        draw.random(plan.n_tastes),
        0.8 * draw.random(plan.n_tastes),
    )
    sums = np.zeros((plan.n_weeks, plan.n_items + 1))
    for week in range(plan.n_weeks):
        year = week * DAYS_PER_WEEK / 365
        season = 1 + height * np.cos(2 * np.pi * (year - peak))
        weight = appeal * np.exp(slope * year) * season[taste] * (launch_day < week * DAYS_PER_WEEK)
        np.cumsum(weight, out=sums[week, 1:])
    return sums


def _skewed(n: int, power: float, draw: np.random.Generator) -> Float64:
    """``rank ** -power`` in random order."""
    weights: Float64 = draw.permutation((np.arange(n) + 3.0) ** -power)
    return weights


def item_table(plan: ShopPlan, items: SyntheticItems) -> pd.DataFrame:
    """The catalogue: what a shop would say of its items, tastes not among it."""
    per_department = TASTES_PER_CATEGORY
    department = (items.category // per_department).astype(str).astype(object)
    category = items.category.astype(str).astype(object)
    created = plan.start + items.launch_day * 86_400
    columns: dict[str, Any] = {
        ITEM_ID: item_ids(items.number),
        TITLE: "Item " + items.number.astype(str).astype(object),
        CATEGORY: "Department " + department + CATEGORY_SEPARATOR + "Category " + category,
        BRAND: "Brand " + (items.number % 997).astype(str).astype(object),
        PRICE: items.price,
        CREATED_AT: pd.to_datetime(created, unit="s", utc=True).as_unit("us"),
    }
    return pd.DataFrame(columns).sort_values(ITEM_ID, ignore_index=True)


def item_ids(number: Int64) -> list[str]:
    """The ids of items by their numbers."""
    return [f"i{one:07d}" for one in number.tolist()]
