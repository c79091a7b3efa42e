"""The bundles that answer, the experiments that choose between them, and the bytes of a list."""

import gc
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple

import orjson
from threadpoolctl import threadpool_limits

from data.item_states import with_states
from data.people import People
from experiments.assignment import Assigner, Assignment
from experiments.config import ExperimentsConfig, load_experiments
from ranking.bundling import load_recommender
from ranking.query import NOBODY, Query, Recommendation, Recommended
from ranking.recommender import Recommender
from ranking.related import related
from ranking.scenarios import Relation
from ranking.two_stage import Stage
from serving.cache import cache_key
from serving.overlay import LiveHistories, Overlay
from serving.parameters import ListParameters
from serving.register import States
from serving.seals import Seals
from serving.settings import ServiceSettings
from serving.waiting import Ease
from shortlist.config import dump_model
from shortlist.errors import BundleError
from shortlist.hashing import content_sha256
from shortlist.registry import Registry

_LIST_PARAMETERS: Final = attrgetter(*(one.name for one in fields(Query) if one.name != "user_id"))
"""Everything of a query that its list depends on, but for the user: the parameters of the cache key."""

Kind = Literal["user", "item", "popular"]
RELATIONS: Final[tuple[Relation, ...]] = ("similar", "bought_together")

_EASED_STAGES: Final[dict[Ease, Stage]] = {"stage_one": "retrieval", "popular": "popular"}
_POPULAR_HEAD: Final = b'"source":"popular"'
_RELATED_HEAD: Final = b'"source":"related"'


@dataclass(frozen=True, slots=True)
class Plan:
    """Who answers a request, with what, and where the answer may be cached.

    Attributes
    ----------
    asked_id : str
        The id of the user or item as it was sent.
    consents : bool
        Whether anything of the request may be kept.
    kind : str
        Whose list it is: a user's, an item's, or nobody's own.
    assignments : tuple of str
        ``experiment:variant`` of every experiment that the user was drawn into.
    ease : str or None
        What is left of the list because there is no time for more.
    """

    recommender: Recommender
    variant: str
    query: Query
    warnings: tuple[str, ...]
    experiments_hash: str
    asked_id: str
    consents: bool = True
    kind: Kind = "user"
    assignments: tuple[str, ...] = ()
    ease: Ease | None = None

    def eased(self, ease: Ease | None) -> "Plan":
        """The same with less time; what is popular costs no less."""
        return self if ease is None or self.kind == "popular" else replace(self, ease=ease)

    @property
    def is_kept(self) -> bool:
        """Whether the list may be kept in a cache."""
        return self.consents and not self.query.explain

    @property
    def cache_key(self) -> str:
        """The key of the list: of all that it depends on."""
        user_id = self.query.user_id
        recommender = self.recommender
        made_of = recommender.histories.mark(user_id), recommender.revision
        wanted = _LIST_PARAMETERS(self.query), self.warnings, *made_of
        return cache_key(recommender.version, self.variant, self.experiments_hash, user_id, wanted)

    def tail(self) -> bytes:
        """Make the list: the part of the answer that the same request would get again, without its first brace."""
        found = self._made()
        if self.variant in RELATIONS and found.source == "personalized":
            found = replace(found, source="related")
        return list_json(found, self.query, self.warnings)[1:]

    def _made(self) -> Recommendation:
        """The list, an easier one where there is no time for more."""
        stage = self.query.stage if self.ease is None else _EASED_STAGES[self.ease]
        if stage == self.query.stage:
            return self.recommender.recommend(self.query)
        return replace(self.recommender.recommend(replace(self.query, stage=stage)), degraded=self.ease)

    def answer(self, recommendation_id: str, tail: bytes) -> bytes:
        """The whole answer, which has an id of its own."""
        made = {"recommendation_id": recommendation_id, "model_version": self.recommender.version}
        if self.kind == "user":
            return _joined({"user_id": self.asked_id, **made, "variant": self.variant}, tail)
        return _joined({"item_id": self.asked_id, **made} if self.kind == "item" else made, tail)


class Service:
    """What is loaded; immutable, so that every request sees one state.

    Parameters
    ----------
    current : Recommender
        The published bundle.
    others : mapping of str to Recommender
        The bundles that enabled experiments name, by version.
    experiments : ExperimentsConfig
    published : Published, optional
        What it was loaded from; without it, it is no home's, and is not followed.
    """

    def __init__(
        self,
        current: Recommender,
        others: Mapping[str, Recommender],
        experiments: ExperimentsConfig,
        published: "Published | None" = None,
    ) -> None:
        self.current = current
        self.others = others
        self.published = published
        self._assigner = Assigner(experiments)
        self._related = self._relations()
        self._experiments_hash = content_sha256(dump_model(experiments))[:16]

    def live(self, overlay: Overlay, people: People) -> "Service":
        """The same bundles, each user's newest events laid over the histories that they hold."""
        return self._each(lambda recommender: _live(recommender, overlay, people))

    def changed(self, states: States, revision: int) -> "Service":
        """The same bundles, with states of items laid over their catalogues."""

        def with_catalogue(recommender: Recommender) -> Recommender:
            attributes = with_states(recommender.attributes, recommender.table.items, states)
            return recommender.with_attributes(attributes, str(revision))

        return self._each(with_catalogue) if states else self

    def _each(self, change: Callable[[Recommender], Recommender]) -> "Service":
        other = copy(self)
        other.current = change(self.current)
        other.others = {version: change(recommender) for version, recommender in self.others.items()}
        other._related = other._relations()
        return other

    def _relations(self) -> dict[Relation, Recommender]:
        return {relation: related(self.current, relation) for relation in RELATIONS}

    def plan(self, user_id: str, wanted: ListParameters, asked_id: str | None = None) -> Plan:
        """Decide how a user's request is answered: the variant's bundle, and its parameters over the request's.

        Parameters
        ----------
        asked_id : str, optional
            What the answer calls the user, where it is not `user_id`.
        """
        assignment = self._assigner.assign(user_id)
        query = _with_variant(list_query(user_id, wanted), assignment)
        plan = self._plan(query, wanted, self._recommender(assignment.bundle), assignment.label)
        return replace(plan, asked_id=user_id if asked_id is None else asked_id, assignments=assignment.drawn)

    def popular_plan(self, wanted: ListParameters) -> Plan:
        """Decide how a request for what is popular is answered: from the published bundle, outside all experiments."""
        plan = self._plan(list_query(NOBODY, wanted), wanted, self.current, "")
        return replace(plan, kind="popular")

    def item_plan(self, relation: Relation, item_id: str, wanted: ListParameters) -> Plan:
        """Decide how a request for an item's list is answered: from the published bundle, without the item itself."""
        query = list_query(item_id, wanted, "retrieval")
        query = replace(query, exclude=tuple(sorted({*query.exclude, item_id})))
        return replace(self._plan(query, wanted, self._related[relation], relation), kind="item")

    def assignment(self, user_id: str) -> dict[str, Any]:
        """The experiments that a user is in, ready for JSON."""
        return Assigner.payload(self._assigner.assign(user_id))

    @property
    def scorer(self) -> str | None:
        """What orders the published bundle's candidates: the compiled trees, LightGBM, or no trees."""
        ranker = self.current.two_stage.ranker
        return None if ranker is None else ranker.scorer

    def _recommender(self, version: str | None) -> Recommender:
        return self.current if version in {None, self.current.version} else self.others[str(version)]

    def _plan(self, query: Query, wanted: ListParameters, recommender: Recommender, variant: str) -> Plan:
        return Plan(recommender, variant, query, wanted.warnings, self._experiments_hash, query.user_id, wanted.consent)


class Published(NamedTuple):
    """What is to serve: the version that is named, and what is in the file of experiments."""

    version: str
    experiments: str


def published(settings: ServiceSettings) -> Published:
    """What is to serve now, read without loading anything; a text that says so where a file cannot be read."""
    try:
        version = Registry(settings.home).current() or ""
    except BundleError as error:
        version = str(error)
    try:
        experiments = "" if settings.experiments is None else content_sha256(settings.experiments.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        experiments = str(error)
    return Published(version, experiments)


def load_service(settings: ServiceSettings, version: str = "current", seals: Seals | None = None) -> Service:
    """Load the published bundle, and each one that an enabled experiment names, each warm and on one thread.

    Parameters
    ----------
    version : str
        Another bundle than the published one: its name, or ``latest``.
    seals : Seals, optional
        Those of bundles that were checked before, and of those that are now; by default those of this service.

    Raises
    ------
    ConfigError
        When the file of experiments is wrong.
    BundleError
        When nothing is published, or a bundle is missing or not sound.
    """
    threadpool_limits(1)  # requests are parallel over workers; threads below one request would only fight
    source = published(settings)
    experiments = ExperimentsConfig() if settings.experiments is None else load_experiments(settings.experiments)
    registry = Registry(settings.home)
    seals = Seals.of_service() if seals is None else seals
    current = _checked_once(registry, version, seals)
    others = {}
    for name in sorted(Assigner(experiments).bundles() - {current.version}):
        try:
            others[name] = _checked_once(registry, name, seals)
        except BundleError as error:
            raise BundleError(f"{settings.experiments}: an experiment needs the bundle {name}: {error}") from error
    service = Service(current, others, experiments, source._replace(version=current.version))
    gc.unfreeze()
    gc.collect()
    gc.freeze()  # what is loaded stays: no later collection walks over it
    return service


def _checked_once(registry: Registry, version: str, seals: Seals) -> Recommender:
    """Load a bundle; its bytes are read by the first worker that does."""
    with seals.turn():
        bundle = registry.open(version, seals)
        recommender = load_recommender(bundle, num_threads=1)
        seals.add(bundle.seal)
    return recommender


def _live(recommender: Recommender, overlay: Overlay, people: People) -> Recommender:
    known = recommender.with_people(people, recommender.stored.read_at)
    as_of, items = known.as_of, known.table.items
    live = LiveHistories(known.stored, overlay, as_of, items, known.weights, known.target, people)
    return known.with_histories(live)


def list_json(found: Recommendation, query: Query, warnings: tuple[str, ...]) -> bytes:
    """The JSON object of a list: source, degraded, items, warnings, in this order."""
    return orjson.dumps(
        {
            "source": found.source,
            "degraded": found.degraded,
            "items": [_item(item, query) for item in found.items],
            "warnings": [*warnings, *found.warnings],
        }
    )


def source_of(tail: bytes) -> str:
    """The source that a finished list names, read without parsing it."""
    heads = {_POPULAR_HEAD: "popular", _RELATED_HEAD: "related"}
    return next((name for head, name in heads.items() if tail.startswith(head)), "personalized")


def _item(item: Recommended, query: Query) -> dict[str, Any]:
    entry = {"item_id": item.item_id, "rank": item.rank, "score": item.score, "reasons": item.reasons}
    if query.titles:
        entry["title"] = item.title
    if query.explain:
        entry["contributions"] = item.contributions
    return entry


def _joined(head: dict[str, Any], tail: bytes) -> bytes:
    """One object of two parts: `tail` is an object without its first brace."""
    return orjson.dumps(head)[:-1] + b"," + tail


def list_query(user_id: str, wanted: ListParameters, stage: Stage = "full") -> Query:
    """The query that a request's parameters ask for."""
    return Query(
        user_id=user_id,
        scenario=wanted.scenario,
        limit=wanted.limit,
        offset=wanted.offset,
        categories=wanted.categories,
        exclude=wanted.exclude,
        session_items=wanted.session_items,
        in_stock=wanted.in_stock,
        exclude_purchased=wanted.exclude_purchased,
        titles=wanted.titles,
        explain=wanted.explain,
        stage=stage,
    )


def _with_variant(query: Query, assignment: Assignment) -> Query:
    changes = assignment.parameters.model_dump(exclude_none=True)
    return replace(query, **changes) if changes else query
