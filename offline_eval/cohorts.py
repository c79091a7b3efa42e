"""Accuracy by kind of user and kind of item: a mean hides for whom lists are good, and with what.

Users are cut into thirds by how much is known of them; items into those that make up half of all target events, the
next 30 %, and the rest; and by top category.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data.attributes import ItemAttributes
from data.interactions import Interactions
from offline_eval.list_figures import is_listed
from offline_eval.metrics import ndcg_at_k
from offline_eval.protocol import TestSet
from offline_eval.significance import DECIMALS, Estimate, Seed, estimate_mean, rounded
from offline_eval.systems import UserLists
from shortlist.ids import MISSING

USER_COHORTS: Final = ("new", "light", "heavy")
ITEM_COHORTS: Final = ("head", "torso", "tail")
HEAD_SHARE, TORSO_SHARE = 0.5, 0.8
"""Of all target events: up to where the head's items go, and the torso's, the most popular first."""

MOST_CATEGORIES: Final = 8

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class UserCohort:
    """The tested users of whom between so many events are known, and each system's NDCG at `k` on them."""

    name: str
    from_events: int
    to_events: int
    n_users: int
    ndcg: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class ItemCohort:
    """Some items: how many there are, how many relevant ones, and the share of these that each system's lists hold."""

    name: str
    n_items: int
    n_relevant: int
    recall: dict[str, float]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """All of them, at one cut-off; categories are those of most relevant items."""

    k: int
    users: tuple[UserCohort, ...]
    items: tuple[ItemCohort, ...]
    categories: tuple[ItemCohort, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-like, the figures under names such as ``ndcg@10``."""
        return {
            "users": [self._of_users(one) for one in self.users],
            "items": [self._of_items(one) for one in self.items],
            "categories": [self._of_items(one) for one in self.categories],
        }

    def _of_users(self, one: UserCohort) -> dict[str, Any]:
        ndcg = {name: rounded(asdict(estimate)) for name, estimate in one.ndcg.items()}
        bounds = {"from_events": one.from_events, "to_events": one.to_events}
        return {"name": one.name, **bounds, "n_users": one.n_users, f"ndcg@{self.k}": ndcg}

    def _of_items(self, one: ItemCohort) -> dict[str, Any]:
        recall = {name: round(value, DECIMALS) for name, value in one.recall.items()}
        counts = {"n_items": one.n_items, "n_relevant": one.n_relevant}
        return {"name": one.name, **counts, f"recall@{self.k}": recall}


def make_cohorts(
    lists: Mapping[str, UserLists],
    k: int,
    past: Interactions,
    test_set: TestSet,
    attributes: ItemAttributes | None,
    rng: Seed,
) -> Cohorts:
    """Score each system's lists on each cohort.

    Parameters
    ----------
    lists : mapping of str to UserLists
        By system.
    past : Interactions
        What was known; cohorts are made from it alone.
    attributes : ItemAttributes, optional
        For categories; none without it.
    """
    found = {name: is_listed(one.items[:, :k], test_set) for name, one in lists.items()}
    categories = () if attributes is None else _categories(attributes, test_set)
    return Cohorts(
        k=k,
        users=tuple(_user_cohorts(lists, k, past, test_set, rng)),
        items=tuple(_item_cohort(name, mask, found, test_set) for name, mask in _by_popularity(past)),
        categories=tuple(_item_cohort(name, mask, found, test_set) for name, mask in categories),
    )


def _user_cohorts(
    lists: Mapping[str, UserLists], k: int, past: Interactions, test_set: TestSet, rng: Seed
) -> Iterator[UserCohort]:
    """Thirds of the tested users by their number of events; users with as many are in one third."""
    n_events = np.diff(past.user_offsets)[test_set.user_idx]
    n_relevant, generator = test_set.n_relevant("overall"), np.random.default_rng(rng)
    bounds = np.quantile(n_events, [1 / 3, 2 / 3])
    third = np.searchsorted(bounds, n_events, side="left")
    for number, name in enumerate(USER_COHORTS):
        users = third == number
        if users.any():
            ndcg = {
                system: estimate_mean(ndcg_at_k(one.hits["overall"][users], n_relevant[users], k), generator)
                for system, one in lists.items()
            }
            known = n_events[users]
            yield UserCohort(name, int(known.min()), int(known.max()), int(users.sum()), ndcg)


def _by_popularity(past: Interactions) -> list[tuple[str, Mask]]:
    """Head, torso and tail; the tail holds all items that nobody took."""
    n_events = np.bincount(past.item_idx[past.is_target], minlength=len(past.items))
    order = np.argsort(-n_events, kind="stable")
    before = np.cumsum(n_events[order]) - n_events[order]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.searchsorted(np.array([HEAD_SHARE, TORSO_SHARE]) * n_events.sum(), before, side="right")
    place[n_events == 0] = len(ITEM_COHORTS) - 1
    return [(name, place == number) for number, name in enumerate(ITEM_COHORTS)]


def _categories(attributes: ItemAttributes, test_set: TestSet) -> list[tuple[str, Mask]]:
    """The top categories of most relevant items."""
    top = attributes.top_category()
    named = top[test_set.item_idx]
    categories, counts = np.unique(named[named != MISSING], return_counts=True)
    largest = categories[np.argsort(-counts, kind="stable")][:MOST_CATEGORIES]
    return [(attributes.categories.external(int(one)), top == one) for one in largest]


def _item_cohort(name: str, mask: Mask, found: Mapping[str, Mask], test_set: TestSet) -> ItemCohort:
    relevant = mask[test_set.item_idx]
    n_relevant = int(relevant.sum())
    recall = {system: float(hits[relevant].mean()) for system, hits in found.items()} if n_relevant else {}
    return ItemCohort(name, int(mask.sum()), n_relevant, recall)
