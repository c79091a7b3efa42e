"""The one path that produces a list, for requests, batches and evaluations alike: external ids in, external ids out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import groupby, tee
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from data.arrays.histories import Histories, StoredHistories
from data.arrays.history_table import HistoryTable
from data.attributes import ItemAttributes
from data.interactions import EVENT_COLUMN_DTYPES, EVENT_TYPES, History, empty_history
from data.people import People
from ranking.explanations import contributions_of, reasons_of
from ranking.query import NOBODY, ListSource, Query, Recommendation, Recommended
from ranking.scenarios import HOME, Scenario, ScenarioName, bought, make_scenarios
from ranking.two_stage import ListRequest, Mask, RankedList, Stage, TwoStage
from shortlist.columns import EventType
from shortlist.ids import MISSING

MASKS_KEPT: Final = 64
POSITIONS_KEPT: Final = 16_384


class Recommender:
    """A bundle's models and data, ready to answer.

    Parameters
    ----------
    version : str
        The bundle's version.
    table : HistoryTable
        All users' histories.
    attributes : ItemAttributes
    two_stage : TwoStage
    as_of : int
        The moment, in seconds, that lists are made for: the end of the data, since nothing later is known.
    target : str
        The event type that `table` marks as target.
    weights : mapping of str to float, optional
        The strength of each event type in `table`; the target's alone without it.

    Attributes
    ----------
    stored : StoredHistories
        The bundle's own.
    revision : str
        Changes whenever `attributes` do: a list kept under another revision is out of date.
    """

    def __init__(
        self,
        version: str,
        table: HistoryTable,
        attributes: ItemAttributes,
        two_stage: TwoStage,
        as_of: int,
        target: str = EventType.PURCHASE,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.version = version
        self.table = table
        self.attributes = attributes
        self.two_stage = two_stage
        self.as_of = as_of
        self.target = target
        self.weights = weights or {target: 1.0}
        self.revision = ""
        self.stored = StoredHistories(table, as_of)
        self.histories: Histories = self.stored
        self._scenarios = make_scenarios(two_stage, attributes.created, as_of)
        self._shown = ~attributes.discontinued if attributes.discontinued.any() else None
        self._shown_ids: dict[int, str] = {}
        self._item_positions: LRUCache[str, int] = LRUCache(maxsize=POSITIONS_KEPT)
        self._category_masks: LRUCache[str, Mask] = LRUCache(maxsize=MASKS_KEPT)

    def with_histories(self, histories: Histories) -> "Recommender":
        """The same models, which find users' histories elsewhere."""
        other = copy(self)
        other.histories = histories
        return other

    def with_people(self, people: People, read_at: float) -> "Recommender":
        """The same models, which know who was forgotten after a moment (seconds), and which ids are one user."""
        other = copy(self)
        other.stored = replace(self.stored, people=people, read_at=read_at)
        other.histories = other.stored
        return other

    def with_stages(self, two_stage: TwoStage) -> "Recommender":
        """The same data, from which lists are made otherwise."""
        other = copy(self)
        other.two_stage, other._scenarios = two_stage, {HOME: Scenario(two_stage)}
        return other

    def with_attributes(self, attributes: ItemAttributes, revision: str) -> "Recommender":
        """The same models with a catalogue that has changed; a price that has is the item's price from now on."""
        other = copy(self)
        new = attributes.price != self.attributes.price
        if new.any():
            context = self.two_stage.context.with_prices(attributes, new)
            other = other.with_stages(replace(self.two_stage, context=context))
            other._scenarios = make_scenarios(other.two_stage, attributes.created, self.as_of)
        other.attributes, other.revision = attributes, revision
        other._shown = ~attributes.discontinued if attributes.discontinued.any() else None
        return other

    def recommend(self, query: Query) -> Recommendation:
        """Answer one query."""
        return next(self.recommend_many([query]))

    def recommend_many(self, queries: Iterable[Query]) -> Iterator[Recommendation]:
        """Answer many queries, each as `recommend` does, in bounded memory and in their order."""
        for (scenario, stage), alike in groupby(queries, key=lambda query: (query.scenario, query.stage)):
            for_lists, for_answers = tee(self._asked(query) for query in alike)
            requests = (asked.request for asked in for_lists)
            for asked, ranked in zip(for_answers, self.ranked(requests, stage, scenario), strict=True):
                yield self._answer(asked, ranked)

    def ranked(
        self, requests: Iterable[ListRequest], stage: Stage = "full", scenario: ScenarioName = HOME
    ) -> Iterator[RankedList]:
        """Make the lists of histories, by position: what requests, batches and evaluations share.

        Whatever a request allows, an item that is discontinued is in no list.
        """
        two_stage, shown = self._scenarios[scenario].two_stage, self._shown
        if shown is None:
            return two_stage.rank_many(requests, stage)
        return two_stage.rank_many((_only(request, shown) for request in requests), stage)

    def history(self, user_id: str) -> History:
        """What is known of a user; empty for an unknown one."""
        known = self.histories.of(user_id)
        return empty_history(self.as_of) if known is None else known

    def _asked(self, query: Query) -> "_Asked":
        """Look up everything that a query names, once."""
        scenario, known = self._scenarios[query.scenario], self.histories.of(query.user_id)
        session, excluded = self._positions(query.session_items), self._positions(query.exclude)
        stored = empty_history(self.as_of) if known is None else known
        history = told = self._with_session(stored, session)
        if scenario.has_anchor and query.session_items:
            told = self._with_session(empty_history(stored.as_of), session)
        allowed = self._allowed(query, history, excluded, scenario.among(told))
        request = ListRequest(scenario.part(told), query.offset + query.limit, allowed)
        is_known = known is not None or len(history) > 0
        return _Asked(query, scenario, is_known, bought(history), session, excluded, request)

    def _with_session(self, history: History, session: npt.NDArray[np.int32]) -> History:
        """The history with a last basket, of the items that are known, just before the moment of the list."""
        found = session[session != MISSING]
        if not len(found):
            return history
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

    def _allowed(
        self, query: Query, history: History, excluded: npt.NDArray[np.int32], among: Mask | None
    ) -> Mask | None:
        """The items, of those that the scenario is about, that pass the query's filters; None when all do."""
        if not (query.categories or query.exclude or query.in_stock or query.exclude_purchased or query.exclude_seen):
            return among
        allowed = np.ones(len(self.table.items), dtype=np.bool_) if among is None else among.copy()
        if query.categories:
            allowed &= np.logical_or.reduce([self._in_category(path) for path in query.categories])
        if query.in_stock:
            allowed &= self.attributes.available
        if query.exclude_purchased:
            allowed[bought(history)] = False
        if query.exclude_seen:
            allowed[history.item_idx] = False
        allowed[excluded[excluded != MISSING]] = False
        return allowed

    def _positions(self, item_ids: Sequence[str]) -> npt.NDArray[np.int32]:
        """The positions of items, ``MISSING`` where an id is unknown."""
        return np.array([self._item_position(item_id) for item_id in item_ids], dtype=np.int32)

    def _item_position(self, item_id: str) -> int:
        """An item's position; kept, since a shop leaves out the same ones again and again."""
        position = self._item_positions.get(item_id)
        if position is None:
            position = self._item_positions[item_id] = self.table.items.find(item_id)
        return position

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
        is_explained, two_stage = query.explain and query.stage == "full", asked.scenario.two_stage
        contributions = contributions_of(item_idx, ranked, two_stage) if is_explained else [{} for _ in item_idx]
        reasons = reasons_of(item_idx, ranked, two_stage, asked.bought)
        titles = [self.attributes.titles.at(int(item)) if query.titles else None for item in item_idx]
        columns = (self._item_ids(item_idx), scores.tolist(), reasons, contributions, titles)
        items = tuple(
            Recommended(item_id, rank, score, reason, contribution, title)
            for rank, (item_id, score, reason, contribution, title) in enumerate(
                zip(*columns, strict=True), start=query.offset + 1
            )
        )
        source: ListSource = "personalized" if ranked.is_personal else "popular"
        lacks_ranker = two_stage is self.two_stage and two_stage.ranker is None and query.stage == "full"
        degraded: Literal["no_ranker"] | None = "no_ranker" if lacks_ranker else None
        return Recommendation(query.user_id, items, source, tuple(self._warnings(asked, ranked)), degraded)

    def _item_ids(self, item_idx: npt.NDArray[np.int32]) -> list[str]:
        """The items' ids, each decoded once and kept: a shop shows the same ones all day."""
        known = self._shown_ids
        for position in item_idx.tolist():
            if position not in known:
                known[position] = self.table.items.external(position)
        return [known[position] for position in item_idx.tolist()]

    def _warnings(self, asked: "_Asked", ranked: RankedList) -> Iterator[str]:
        query = asked.query
        for path in query.categories:
            if self.attributes.categories.position(path) == MISSING:
                yield f"No item is in the category {path!r}."
        if query.user_id != NOBODY and not asked.is_known:
            yield f"{self.histories.unknown}: the list holds {asked.scenario.unknown}."
        yield from _unknown_items("exclude", query.exclude, asked.excluded)
        yield from _unknown_items("session_items", query.session_items, asked.session)
        if query.exclude_purchased and self.weights.get(EventType.PURCHASE, 0.0) <= 0:
            yield f"The model is made of {self.target} events and knows no purchases to leave out."
        if len(ranked.item_idx) < query.offset + query.limit:
            n = len(ranked.item_idx)
            yield f"Only {n} item qualifies." if n == 1 else f"Only {n} items qualify." if n else "No item qualifies."


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query with what it names, items by position (``MISSING`` where unknown), and the request for its list."""

    query: Query
    scenario: Scenario
    is_known: bool
    bought: npt.NDArray[np.int32]
    session: npt.NDArray[np.int32]
    excluded: npt.NDArray[np.int32]
    request: ListRequest


def _only(request: ListRequest, shown: Mask) -> ListRequest:
    """The same request among items that are shown."""
    return replace(request, allowed=shown if request.allowed is None else request.allowed & shown)


def _unknown_items(parameter: str, item_ids: Sequence[str], positions: npt.NDArray[np.int32]) -> Iterator[str]:
    for item_id, position in zip(item_ids, positions, strict=True):
        if position == MISSING:
            several = f" Several items are several parameters: {parameter}=A&{parameter}=B." if "," in item_id else ""
            yield f"No item has the id {item_id!r} that {parameter} names.{several}"
