"""What lists of each scenario are made of: which stages, from which part of a history, among which items."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from candidate_gen.generator import CandidateGenerator
from candidate_gen.profile import UserProfile
from candidate_gen.sources.history import History as OwnItems
from candidate_gen.sources.popular import Popular
from candidate_gen.sparse import SparseScores
from data.interactions import EVENT_TYPES, SECONDS_PER_DAY, History, empty_history
from ranking.features import FeatureContext
from ranking.item_stats import ItemStats
from ranking.two_stage import Mask, TwoStage
from shortlist.columns import EventType

ScenarioName = Literal["home", "product", "basket", "buy_again", "recently_viewed", "trending", "new"]
SCENARIOS: Final[tuple[str, ...]] = get_args(ScenarioName)
HOME: Final = "home"

Relation = Literal["similar", "bought_together"]
RELATED_SOURCES: Final[dict[Relation, tuple[frozenset[str], ...]]] = {
    "similar": (frozenset({"item_knn", "item_graph", "content"}),),
    "bought_together": (frozenset({"baskets", "transitions"}), frozenset({"item_knn"})),
}
"""The sources that are asked what goes with an item; the first group of which the bundle has any."""

NEW_DAYS: Final = 30
MIN_NEW: Final = 100
"""Where fewer items are younger than `NEW_DAYS`, so many of the youngest are new."""

MOST_OWN: Final = 500

_LOOKS: Final = np.array(
    [EVENT_TYPES.index(kind) for kind in ("view", "click", "wishlist", "add_to_cart")], dtype=np.int8
)
_PURCHASE: Final = EVENT_TYPES.index(EventType.PURCHASE)

Part = Callable[[History], History]
Among = Callable[[History], Mask | None]


def whole(history: History) -> History:
    """All of a history."""
    return history


def everything(history: History) -> None:
    """No item is left out."""
    del history


@dataclass(frozen=True, slots=True)
class Scenario:
    """How lists of one scenario are made.

    Attributes
    ----------
    two_stage : TwoStage
    part : callable
        The part of a history that a list is made from.
    among : callable
        The items that may be in the list of a whole history, bool, shape (n_items,); None when all may.
    has_anchor : bool
        Whether items that the user looks at now, where they are named, stand alone for the history.
    unknown : str
        What the list of an unknown user holds.
    """

    two_stage: TwoStage
    part: Part = whole
    among: Among = everything
    has_anchor: bool = False
    unknown: str = "what is popular"


class Trending(Popular):
    """Items that are bought more of late than before, then what is popular."""

    name: ClassVar[str] = "trending"
    reason: ClassVar[str] = "trending"

    @classmethod
    def among(cls, stats: ItemStats, popular: Popular) -> Self:
        """Order by ``(s7 - s84) / sqrt(s84 + 1)`` where it is positive: s, of 10,000 purchases in the last n days."""
        last_week, last_quarter = np.expm1(stats.share[0]), np.expm1(stats.share[-1])
        rise = (last_week - last_quarter) / np.sqrt(last_quarter + 1)
        rest = popular.popularity / (1 + popular.popularity.max(initial=0))
        return cls.of(np.where(rise > 0, 1 + rise, rest).astype(np.float32))


class RecentlyViewed(OwnItems):
    """The user's items, the last one first."""

    name: ClassVar[str] = "recently_viewed"
    reason: ClassVar[str] = "seen_before"

    def ask(self, profile: UserProfile) -> SparseScores:
        """``1 / (1 + moments since)``."""
        return SparseScores(profile.item_idx, np.reciprocal(1 + profile.moments_since, dtype=np.float32))


def make_scenarios(two_stage: TwoStage, created: npt.NDArray[np.int64], as_of: int) -> dict[ScenarioName, Scenario]:
    """All scenarios of a bundle.

    Parameters
    ----------
    created : ndarray of int64, shape (n_items,)
        When the catalogue says that each item came, in seconds; 0 where it does not.
    as_of : int
        The moment that lists are made for.
    """
    popular, context, n_items = two_stage.generator.popular, two_stage.context, len(created)
    trending = CandidateGenerator((Trending.among(context.stats, popular),), (MOST_OWN,), MOST_OWN)
    viewed = CandidateGenerator((RecentlyViewed(), popular), (MOST_OWN, 0), MOST_OWN)
    new = are_new(created, context.stats.age_days, as_of)
    return {
        "home": Scenario(two_stage),
        "product": _beside(related_stages(two_stage, "similar"), last_item, n_items),
        "basket": _beside(related_stages(two_stage, "bought_together"), last_basket, n_items),
        "buy_again": Scenario(two_stage, among=lambda one: _only(bought(one), n_items), unknown="nothing"),
        "recently_viewed": Scenario(
            _unranked(viewed, context), looks, lambda one: _only(looks(one).item_idx, n_items), unknown="nothing"
        ),
        "trending": Scenario(_unranked(trending, context), lambda history: empty_history(history.as_of)),
        "new": Scenario(two_stage, among=lambda _: new, unknown="what is new, the most popular first"),
    }


def related_stages(two_stage: TwoStage, relation: Relation) -> TwoStage:
    """The stages that find what goes with an item."""
    generator, groups = two_stage.generator, RELATED_SOURCES[relation]
    names = next((group for group in groups if group & set(generator.names)), groups[0])
    return _unranked(generator.only(names), two_stage.context)


def are_new(created: npt.NDArray[np.int64], age_days: npt.NDArray[np.float32], as_of: int) -> Mask:
    """The items younger than `NEW_DAYS`, and not fewer than `MIN_NEW`.

    By the catalogue's date, else by the first event; items without either are none of them.
    """
    since_first = np.where(age_days > 0, age_days, np.inf)
    days = np.where(created > 0, (as_of - created) / SECONDS_PER_DAY, since_first)
    youngest = np.sort(days)[:MIN_NEW].max(initial=NEW_DAYS)
    new: Mask = np.isfinite(days) & (days <= youngest)
    return new


def bought(history: History) -> npt.NDArray[np.int32]:
    """The items of a history's purchases."""
    return _rows(history, history.event_type == _PURCHASE).item_idx


def looks(history: History) -> History:
    """What the user looked at, put in the basket or on a list; everything of one of whom no such thing is known."""
    are_looks = np.isin(history.event_type, _LOOKS)
    return _rows(history, are_looks) if are_looks.any() else history


def last_item(history: History) -> History:
    """The last event."""
    return _rows(history, slice(-1, None))


def last_basket(history: History) -> History:
    """The events of the last basket."""
    return _rows(history, history.basket == history.basket[-1:])


def _beside(two_stage: TwoStage, part: Part, n_items: int) -> Scenario:
    """What goes with a part of the history, and is not in it."""

    def among(history: History) -> Mask:
        return ~_only(part(history).item_idx, n_items)

    return Scenario(two_stage, part, among, has_anchor=True)


def _unranked(generator: CandidateGenerator, context: FeatureContext) -> TwoStage:
    return TwoStage(generator, context, None)


def _rows(history: History, rows: slice | npt.NDArray[np.bool_]) -> History:
    return History(**history.columns(rows), as_of=history.as_of)


def _only(item_idx: npt.NDArray[np.int32], n_items: int) -> Mask:
    mask = np.zeros(n_items, dtype=np.bool_)
    mask[item_idx] = True
    return mask
