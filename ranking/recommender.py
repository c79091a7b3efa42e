"""The one path that produces a list, for requests, batches and evaluations alike: external ids in, external ids out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby, tee
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from candidate_gen.sources import SOURCES
from candidate_gen.sources.history import History as OwnItems
from candidate_gen.sources.popular import Popular
from data.arrays.histories import Histories, StoredHistories
from data.attributes import ItemAttributes
from data.interactions import EVENT_COLUMN_DTYPES, EVENT_TYPES, History, Interactions, empty_history
from ranking.two_stage import ListRequest, Mask, RankedList, Stage, TwoStage
from shortlist.columns import EventType
from shortlist.ids import MISSING

ListSource = Literal["personalized", "popular", "related"]

REASONS: Final = {source.name: source.reason for source in SOURCES}
"""The reason that each source stands for. What the user bought is ``bought_before`` and not merely seen."""

BOUGHT: Final = "bought_before"
FILLER: Final = "filler"
"""The reason of an item that no source found: it fills a list that would be short."""

NOBODY: Final = ""
"""The user of a list that is made for nobody in particular."""

MASKS_KEPT: Final = 64
POSITIONS_KEPT: Final = 16_384

N_CONTRIBUTIONS: Final = 5


@dataclass(frozen=True, slots=True)
class Query:
    """What a list is asked for.

    Attributes
    ----------
    limit, offset : int
        The list holds the places ``offset + 1 ... offset + limit`` of the user's order.
    categories : tuple of str
        Only items of any of these, or below them; all categories when empty.
    exclude : tuple of str
        Items never to show.
    in_stock, exclude_purchased, exclude_seen : bool
        Leave out what is not available; what the user bought; what the user had to do with in any way.
    session_items : tuple of str
        Items that the user is looking at, or has in the basket, the last one last; they follow what is known already.
    titles : bool
        Name each item's title.
    explain : bool
        Say for each item what moved its score in the second stage.
    """

    user_id: str
    limit: int = 10
    offset: int = 0
    categories: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    session_items: tuple[str, ...] = ()
    in_stock: bool = False
    exclude_purchased: bool = False
    exclude_seen: bool = False
    titles: bool = False
    explain: bool = False
    stage: Stage = "full"


@dataclass(frozen=True, slots=True)
class Recommended:
    """One item of a list.

    Attributes
    ----------
    rank : int
        From 1 over the whole order.
    contributions : mapping of str to float
        Empty unless asked for.
    title : str or None
        None unless asked for, and where the catalogue has none.
    """

    item_id: str
    rank: int
    score: float
    reasons: tuple[str, ...]
    contributions: dict[str, float] = field(default_factory=dict)
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A list and where it comes from.

    Attributes
    ----------
    warnings : tuple of str
        What the caller should know, one sentence each.
    degraded : str or None
        ``no_ranker`` when both stages were asked for and the bundle has but the first.
    """

    user_id: str
    items: tuple[Recommended, ...]
    source: ListSource
    warnings: tuple[str, ...]
    degraded: Literal["no_ranker"] | None = None


class Recommender:
    """A bundle's models and data, ready to answer.

    Parameters
    ----------
    version : str
        The bundle's version.
    interactions : Interactions
        All users' histories.
    attributes : ItemAttributes
    two_stage : TwoStage
    as_of : int
        The moment, in seconds, that lists are made for: the end of the data, since nothing later is known.
    target : str
        The event type that `interactions` marks as target.
    weights : mapping of str to float, optional
        The strength of each event type in `interactions`; the target's alone without it.
    """

    def __init__(
        self,
        version: str,
        interactions: Interactions,
        attributes: ItemAttributes,
        two_stage: TwoStage,
        as_of: int,
        target: str = EventType.PURCHASE,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.version = version
        self.interactions = interactions
        self.attributes = attributes
        self.two_stage = two_stage
        self.as_of = as_of
        self.target = target
        self.weights = weights or {target: 1.0}
        self.histories: Histories = StoredHistories(interactions, as_of)
        self._shown = ~attributes.discontinued if attributes.discontinued.any() else None
        self._shown_ids: dict[int, str] = {}
        self._item_positions: LRUCache[str, int] = LRUCache(maxsize=POSITIONS_KEPT)
        self._category_masks: LRUCache[str, Mask] = LRUCache(maxsize=MASKS_KEPT)

    def with_histories(self, histories: Histories) -> "Recommender":
        """The same models, which find users' histories elsewhere."""
        other = copy(self)
        other.histories = histories
        return other

    def with_stages(self, two_stage: TwoStage) -> "Recommender":
        """The same data, from which lists are made otherwise."""
        other = copy(self)
        other.two_stage = two_stage
        return other

    def recommend(self, query: Query) -> Recommendation:
        """Answer one query."""
        return next(self.recommend_many([query]))

    def recommend_many(self, queries: Iterable[Query]) -> Iterator[Recommendation]:
        """Answer many queries, each as `recommend` does, in bounded memory and in their order."""
        for stage, of_stage in groupby(queries, key=lambda query: query.stage):
            for_lists, for_answers = tee(self._asked(query) for query in of_stage)
            requests = (asked.request for asked in for_lists)
            for asked, ranked in zip(for_answers, self.ranked(requests, stage), strict=True):
                yield self._answer(asked, ranked)

    def ranked(self, requests: Iterable[ListRequest], stage: Stage = "full") -> Iterator[RankedList]:
        """Make the lists of histories, by position: what requests, batches and evaluations share.

        Whatever a request allows, an item that is discontinued is in no list.
        """
        shown = self._shown
        if shown is None:
            return self.two_stage.rank_many(requests, stage)
        return self.two_stage.rank_many((_only(request, shown) for request in requests), stage)

    def history(self, user_id: str) -> History:
        """What is known of a user; empty for an unknown one."""
        known = self.histories.of(user_id)
        return empty_history(self.as_of) if known is None else known

    def _asked(self, query: Query) -> "_Asked":
        """Look up everything that a query names, once."""
        known, excluded = self.histories.of(query.user_id), self._excluded(query)
        history = empty_history(self.as_of) if known is None else known
        if query.session_items:
            history = self._with_session(history, query.session_items)
        allowed = self._allowed(query, history, excluded)
        request = ListRequest(history, query.offset + query.limit, allowed)
        return _Asked(query, known is not None or len(history) > 0, excluded, request)

    def _with_session(self, history: History, item_ids: Sequence[str]) -> History:
        """The history with a last basket, of the items that are known, just before the moment of the list."""
        found = np.array([self._item_position(item_id) for item_id in item_ids], dtype=np.int32)
        found = found[found != MISSING]
        event = {
            "timestamp": history.as_of - 1,
            "weight": self.weights.get(EventType.ADD_TO_CART, 1.0),
            "event_type": EVENT_TYPES.index(EventType.ADD_TO_CART),
            "basket": int(history.basket[-1]) + 1 if len(history) else 0,
        }
        new = {name: np.full(len(found), event.get(name, 0), dtype) for name, dtype in EVENT_COLUMN_DTYPES.items()}
        new["item_idx"] = found
        columns = {name: np.concatenate([getattr(history, name), column]) for name, column in new.items()}
        return History(**columns, as_of=history.as_of)

    def _allowed(self, query: Query, history: History, excluded: npt.NDArray[np.int32]) -> Mask | None:
        """The items that pass the query's filters; None when all do."""
        if not (query.categories or query.exclude or query.in_stock or query.exclude_purchased or query.exclude_seen):
            return None
        allowed = np.ones(len(self.interactions.items), dtype=np.bool_)
        if query.categories:
            allowed &= np.logical_or.reduce([self._in_category(path) for path in query.categories])
        if query.in_stock:
            allowed &= self.attributes.available
        if query.exclude_purchased:
            allowed[self._bought(history)] = False
        if query.exclude_seen:
            allowed[history.item_idx] = False
        allowed[excluded[excluded != MISSING]] = False
        return allowed

    def _excluded(self, query: Query) -> npt.NDArray[np.int32]:
        """The positions of the items never to show, ``MISSING`` where an id is unknown."""
        return np.array([self._item_position(item_id) for item_id in query.exclude], dtype=np.int32)

    def _item_position(self, item_id: str) -> int:
        """An item's position; kept, since a shop leaves out the same ones again and again."""
        position = self._item_positions.get(item_id)
        if position is None:
            position = self._item_positions[item_id] = self.interactions.items.find(item_id)
        return position

    def _bought(self, history: History) -> npt.NDArray[np.int32]:
        """The items that a user bought; none when the target is another type, since purchases are then not marked."""
        return history.item_idx[history.is_target & (self.target == EventType.PURCHASE)]

    def _in_category(self, path: str) -> Mask:
        """The items of a category; kept, for categories that exist, since many requests ask for the same."""
        if path not in self._category_masks:
            mask = self.attributes.in_category(path)
            if self.attributes.categories.position(path) == MISSING:
                return mask
            self._category_masks[path] = mask
        return self._category_masks[path]

    def _answer(self, asked: "_Asked", ranked: RankedList) -> Recommendation:
        query = asked.query
        shown = slice(query.offset, query.offset + query.limit)
        item_idx, scores = ranked.item_idx[shown], ranked.score[shown]
        is_explained = query.explain and query.stage == "full"
        contributions = self._contributions(item_idx, ranked) if is_explained else [{} for _ in item_idx]
        reasons = self._reasons(item_idx, ranked, self._bought(asked.request.history))
        titles = [self.attributes.titles.at(int(item)) if query.titles else None for item in item_idx]
        columns = (self._item_ids(item_idx), scores.tolist(), reasons, contributions, titles)
        items = tuple(
            Recommended(item_id, rank, score, reason, contribution, title)
            for rank, (item_id, score, reason, contribution, title) in enumerate(
                zip(*columns, strict=True), start=query.offset + 1
            )
        )
        source: ListSource = "personalized" if ranked.is_personal else "popular"
        degraded: Literal["no_ranker"] | None = (
            "no_ranker" if self.two_stage.ranker is None and query.stage == "full" else None
        )
        return Recommendation(query.user_id, items, source, tuple(self._warnings(asked, ranked)), degraded)

    def _item_ids(self, item_idx: npt.NDArray[np.int32]) -> list[str]:
        """The items' ids, each decoded once and kept: a shop shows the same ones all day."""
        known = self._shown_ids
        for position in item_idx.tolist():
            if position not in known:
                known[position] = self.interactions.items.external(position)
        return [known[position] for position in item_idx.tolist()]

    def _warnings(self, asked: "_Asked", ranked: RankedList) -> Iterator[str]:
        query = asked.query
        for path in query.categories:
            if self.attributes.categories.position(path) == MISSING:
                yield f"No item is in the category {path!r}."
        if query.user_id != NOBODY and not asked.is_known:
            yield self.histories.unknown
        for item_id, position in zip(query.exclude, asked.excluded, strict=True):
            if position == MISSING:
                several = " Several items are several parameters: exclude=A&exclude=B." if "," in item_id else ""
                yield f"No item has the id {item_id!r} that exclude names.{several}"
        if query.exclude_purchased and self.target != EventType.PURCHASE:
            yield f"The model is made of {self.target} events and knows no purchases to leave out."
        if len(ranked.item_idx) < query.offset + query.limit:
            n = len(ranked.item_idx)
            yield f"Only {n} item qualifies." if n == 1 else f"Only {n} items qualify." if n else "No item qualifies."

    def _reasons(
        self, item_idx: npt.NDArray[np.int32], ranked: RankedList, bought: npt.NDArray[np.int32]
    ) -> list[tuple[str, ...]]:
        """The reasons of each item: of the sources that found it, in their order, or that it fills the list."""
        sources = ranked.candidates.sources
        places = _places(item_idx, ranked.candidates.item_idx)
        is_found = np.zeros((len(sources), len(item_idx)), dtype=np.bool_)
        if len(ranked.candidates):
            is_found = (ranked.candidates.rank[:, places] > 0) & (places != MISSING)
        popular = sources.index(Popular.name)
        ever_bought = self.two_stage.generator.popular.popularity[item_idx] > 0
        is_found[popular] = (is_found[popular] | (places == MISSING)) & ever_bought
        is_bought = (item_idx[:, None] == bought).any(axis=1)
        return [
            _reasons_of(sources, tuple(found), was_bought)
            for found, was_bought in zip(is_found.T.tolist(), is_bought.tolist(), strict=True)
        ]

    def _contributions(self, item_idx: npt.NDArray[np.int32], ranked: RankedList) -> list[dict[str, float]]:
        """For each item, the features that moved its score most; empty for items that only fill the list."""
        ranker = self.two_stage.ranker
        if ranker is None or not ranked.is_personal or not self.two_stage.is_ranked("full"):
            return [{} for _ in item_idx]
        places = _places(item_idx, ranked.candidates.item_idx)
        features = self.two_stage.context.features(ranked.profile, ranked.candidates)
        shares = ranker.contributions(features[places])
        names = self.two_stage.context.names
        strongest = np.argsort(-np.abs(shares), axis=1)[:, :N_CONTRIBUTIONS]
        return [
            {} if place == MISSING else {names[column]: round(float(row[column]), 4) for column in columns}
            for place, row, columns in zip(places, shares, strongest, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query with what it names: is its user known, the excluded items (``MISSING`` where unknown), the request."""

    query: Query
    is_known: bool
    excluded: npt.NDArray[np.int32]
    request: ListRequest


@lru_cache(maxsize=4096)
def _reasons_of(sources: tuple[str, ...], is_found: tuple[bool, ...], was_bought: bool) -> tuple[str, ...]:
    """The reasons that sources stand for, of those that found an item; ``filler`` when none did."""
    reasons = [REASONS[source] for source, found in zip(sources, is_found, strict=True) if found]
    return tuple(BOUGHT if name == OwnItems.reason and was_bought else name for name in reasons) or (FILLER,)


def _only(request: ListRequest, shown: Mask) -> ListRequest:
    """The same request among items that are shown."""
    return replace(request, allowed=shown if request.allowed is None else request.allowed & shown)


def _places(item_idx: npt.NDArray[np.int32], candidates: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Where each item stands among ascending candidates, ``MISSING`` where it does not."""
    if not len(candidates):
        return np.full(len(item_idx), MISSING, dtype=np.int64)
    places = np.minimum(np.searchsorted(candidates, item_idx), len(candidates) - 1)
    return np.where(candidates[places] == item_idx, places, MISSING)
