"""What a request may ask for, how it is spelt, and what is refused."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final, cast

from fastapi import Path, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from ranking.scenarios import HOME, SCENARIOS, ScenarioName
from serving.errors import InvalidParameter, UnknownScenario, shown
from serving.settings import ServingConfig

MAX_USER_ID_CHARACTERS: Final = 256
MAX_ITEM_ID_CHARACTERS: Final = 256
MAX_SESSION_CHARACTERS: Final = 200
MAX_CATEGORY_CHARACTERS: Final = 512
MAX_CATEGORIES: Final = 20
MAX_EXCLUDED: Final = 500
MAX_SESSION_ITEMS: Final = 50
MAX_IN_BODY: Final = 5_000
MAX_UNKNOWN_NAMED: Final = 5

REPEATABLE: Final = frozenset({"category", "exclude", "session_items"})
LIMIT_SPELLINGS: Final = ("limit", "k", "n", "count")

NO_CONTROL: Final = r"^[^\x00-\x1f\x7f]+$"
"""In addresses `Observation` refuses control characters before a route is looked for."""


def whole(value: object) -> object:
    """A JSON number without a fraction as the integer that it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WholeNumber = Annotated[int, BeforeValidator(whole)]
CategoryPath = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CATEGORY_CHARACTERS, pattern=NO_CONTROL)]
ItemId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ITEM_ID_CHARACTERS, pattern=NO_CONTROL)]
SessionId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_SESSION_CHARACTERS, pattern=NO_CONTROL)]
UserId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_USER_ID_CHARACTERS,
        description="The shop's own id of the user, percent-encoded UTF-8. It may hold spaces and slashes, but no "
        "control characters; everything after the prefix counts, a trailing slash included.",
        pattern=NO_CONTROL,
        examples=["u1"],
    ),
]
PathItemId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_ITEM_ID_CHARACTERS,
        description="The shop's own id of the item, percent-encoded UTF-8, without control characters.",
        pattern=NO_CONTROL,
        examples=["p1"],
    ),
]


@dataclass(frozen=True, slots=True)
class ListParameters:
    """What a request asks for, checked and in canonical order; `warnings` is what its sender should know."""

    limit: int
    scenario: ScenarioName = HOME
    offset: int = 0
    categories: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    session_items: tuple[str, ...] = ()
    session_id: str | None = None
    consent: bool = True
    in_stock: bool = False
    exclude_purchased: bool = False
    titles: bool = False
    explain: bool = False
    warnings: tuple[str, ...] = ()


Parser = Callable[..., Awaitable[ListParameters]]


def allowed_values(config: ServingConfig) -> dict[str, str]:
    """What each parameter may hold, to complete the sentence "Give ..."."""
    texts = {
        "offset": f"a whole number from 0 to {config.max_offset}",
        "category": f"at most {MAX_CATEGORIES} categories of 1 to {MAX_CATEGORY_CHARACTERS} characters each",
        "session_items": f"at most {MAX_SESSION_ITEMS} item ids of 1 to {MAX_ITEM_ID_CHARACTERS} characters each",
        "exclude": f"at most {MAX_EXCLUDED} item ids of 1 to {MAX_ITEM_ID_CHARACTERS} characters each",
        "session_id": f"an id of 1 to {MAX_SESSION_CHARACTERS} characters without control characters",
        "user_id": f"an id of 1 to {MAX_USER_ID_CHARACTERS} characters",
        "item_id": f"an id of 1 to {MAX_ITEM_ID_CHARACTERS} characters",
    }
    texts |= dict.fromkeys(LIMIT_SPELLINGS, f"a whole number from 1 to {config.max_limit}")
    return texts | dict.fromkeys(("consent", "in_stock", "exclude_purchased", "titles", "explain"), "true or false")


def recommendation_parameters(config: ServingConfig, also: frozenset[str] = frozenset()) -> Parser:
    """Make the dependency that reads the parameters of a personal list; a route may read others of its own too."""
    limit_query, other_spelling, offset_query, category_query = _shared_queries(config)

    async def parse(
        request: Request,
        limit: Annotated[int | None, limit_query] = None,
        k: Annotated[int | None, other_spelling] = None,
        n: Annotated[int | None, other_spelling] = None,
        count: Annotated[int | None, other_spelling] = None,
        offset: Annotated[int, offset_query] = 0,
        scenario: Annotated[str, _SCENARIO_QUERY] = HOME,
        category: Annotated[tuple[CategoryPath, ...], category_query] = (),
        exclude: Annotated[tuple[ItemId, ...], _EXCLUDE_QUERY] = (),
        session_items: Annotated[tuple[ItemId, ...], _SESSION_QUERY] = (),
        session_id: Annotated[SessionId | None, _SESSION_ID_QUERY] = None,
        consent: Annotated[bool, _CONSENT_QUERY] = True,
        in_stock: Annotated[bool, _IN_STOCK_QUERY] = False,
        exclude_purchased: Annotated[bool, _PURCHASED_QUERY] = False,
        titles: Annotated[bool, _TITLES_QUERY] = False,
        explain: Annotated[bool, _EXPLAIN_QUERY] = False,
    ) -> ListParameters:
        refuse_contradictions(request, known)
        return ListParameters(
            limit=_one_limit(config.default_limit, limit=limit, k=k, n=n, count=count),
            scenario=_scenario(scenario),
            offset=offset,
            categories=_canonical(category),
            exclude=_canonical(exclude),
            session_items=session_items,
            session_id=session_id,
            consent=consent,
            in_stock=in_stock,
            exclude_purchased=exclude_purchased,
            titles=titles,
            explain=explain,
            warnings=tuple(_unknown_warnings(request, known)),
        )

    known = _names(parse) | also
    return parse


class ListBody(BaseModel):
    """A request for a personal list in a body: the parameters of an address, with room for long lists of items."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user_id: Annotated[str, StringConstraints(min_length=1, max_length=MAX_USER_ID_CHARACTERS, pattern=NO_CONTROL)]
    limit: int
    offset: int
    scenario: ScenarioName = HOME
    category: list[CategoryPath] = Field(default=[], max_length=MAX_CATEGORIES)
    exclude: list[ItemId] = Field(default=[], max_length=MAX_IN_BODY)
    session_items: list[ItemId] = Field(default=[], max_length=MAX_IN_BODY)
    session_id: SessionId | None = None
    consent: bool = True
    in_stock: bool = False
    exclude_purchased: bool = False
    titles: bool = False
    explain: bool = False

    def parameters(self) -> ListParameters:
        """What is asked for, in canonical order."""
        return ListParameters(
            limit=self.limit,
            scenario=self.scenario,
            offset=self.offset,
            categories=_canonical(self.category),
            exclude=_canonical(self.exclude),
            session_items=tuple(self.session_items),
            session_id=self.session_id,
            consent=self.consent,
            in_stock=self.in_stock,
            exclude_purchased=self.exclude_purchased,
            titles=self.titles,
            explain=self.explain,
        )


def body_of(config: ServingConfig) -> type[ListBody]:
    """The body with the limits that are configured."""

    class ListRequestBody(ListBody):
        """A request for a personal list."""

        limit: WholeNumber = Field(default=config.default_limit, ge=1, le=config.max_limit)
        offset: WholeNumber = Field(default=0, ge=0, le=config.max_offset)

    return ListRequestBody


def popular_parameters(config: ServingConfig) -> Parser:
    """Make the dependency that reads the parameters of a list that is the same for everybody."""
    limit_query, other_spelling, offset_query, category_query = _shared_queries(config)

    async def parse(
        request: Request,
        limit: Annotated[int | None, limit_query] = None,
        k: Annotated[int | None, other_spelling] = None,
        n: Annotated[int | None, other_spelling] = None,
        count: Annotated[int | None, other_spelling] = None,
        offset: Annotated[int, offset_query] = 0,
        category: Annotated[tuple[CategoryPath, ...], category_query] = (),
        in_stock: Annotated[bool, _IN_STOCK_QUERY] = False,
        titles: Annotated[bool, _TITLES_QUERY] = False,
    ) -> ListParameters:
        refuse_contradictions(request, known)
        return ListParameters(
            limit=_one_limit(config.default_limit, limit=limit, k=k, n=n, count=count),
            offset=offset,
            categories=_canonical(category),
            in_stock=in_stock,
            titles=titles,
            warnings=tuple(_unknown_warnings(request, known)),
        )

    known = _names(parse)
    return parse


def refuse_contradictions(request: Request, known: frozenset[str]) -> None:
    """Refuse a parameter that is given twice with different values, unless it is one that lists."""
    pairs = request.query_params.multi_items()
    if len(pairs) == len(request.query_params):
        return
    first: dict[str, str] = {}
    for name, value in pairs:
        if name in known - REPEATABLE and first.setdefault(name, value) != value:
            raise InvalidParameter(f"{name}: given as {shown(first[name])} and as {shown(value)}. Give one of the two.")


def _one_limit(default: int, **spellings: int | None) -> int:
    """The limit, however it is spelt."""
    given = {name: value for name, value in spellings.items() if value is not None}
    if len(set(given.values())) > 1:
        listed = ", ".join(f"{name}={value}" for name, value in given.items())
        raise InvalidParameter(f"limit: {listed} contradict each other. Give one of them.")
    return next(iter(given.values()), default)


def _canonical(values: Iterable[str]) -> tuple[str, ...]:
    """The values once each, in one order: their order in the request means nothing."""
    return tuple(sorted(set(values)))


def _scenario(name: str) -> ScenarioName:
    if name not in SCENARIOS:
        raise UnknownScenario(f"scenario: there is no {shown(name)}. Give one of {', '.join(SCENARIOS)}.")
    return cast("ScenarioName", name)


def _unknown_warnings(request: Request, known: frozenset[str]) -> Iterator[str]:
    """Name the parameters that nothing here reads, so that a slip of the pen does not pass for an answer."""
    unknown = sorted(set(request.query_params) - known)
    for name in unknown[:MAX_UNKNOWN_NAMED]:
        yield f"The parameter {shown(name)} is not known here and was ignored."
    if len(unknown) > MAX_UNKNOWN_NAMED:
        yield f"{len(unknown) - MAX_UNKNOWN_NAMED} more parameters are not known here and were ignored."


def _names(parse: Parser) -> frozenset[str]:
    return frozenset(inspect.signature(parse).parameters) - {"request"}


def _shared_queries(config: ServingConfig) -> tuple[object, object, object, object]:
    """The declarations of limit, of its other spellings, of offset and of category."""
    texts = allowed_values(config)
    limit = f"How many items: {texts['limit']}; {config.default_limit} without it. `k`, `n` and `count` mean the same."
    offset = f"How many items of the list to leave out at its head: {texts['offset']}."
    category = f"Only items of this category, written `A > B`, or below it. Repeatable: {texts['category']}."
    return (
        Query(ge=1, le=config.max_limit, description=limit, examples=[config.default_limit]),
        Query(ge=1, le=config.max_limit, include_in_schema=False),  # no description can say that two must not differ
        Query(ge=0, le=config.max_offset, description=offset),
        Query(max_length=MAX_CATEGORIES, description=category),
    )


_SCENARIO_QUERY: Final = Query(
    description="Where the list is shown, which decides what it is made of. `product`: what is like the last of "
    "`session_items`, or the user's last item. `basket`: what is bought with `session_items`, or with the user's last "
    "basket. `buy_again`: what the user bought. `recently_viewed`: what the user looked at, the last item first. "
    "`trending`: what is bought more of late than before. `new`: what came lately.",
    json_schema_extra={"enum": list(SCENARIOS)},
)
_EXCLUDE_QUERY: Final = Query(
    max_length=MAX_EXCLUDED, description=f"An item not to show. Repeatable, at most {MAX_EXCLUDED} times."
)
_SESSION_QUERY: Final = Query(
    max_length=MAX_SESSION_ITEMS,
    description="An item that the user is looking at, or has in the basket; the last one last. Repeatable, at most "
    f"{MAX_SESSION_ITEMS} times. They follow what is known of the user, who may be unknown; nothing of them is kept.",
)
_SESSION_ID_QUERY: Final = Query(
    description="The visit of a user whose id is `anonymous`: the events that came with both make the list.",
)
_CONSENT_QUERY: Final = Query(description="False: nothing of the request is kept, also no copy of the list.")
_IN_STOCK_QUERY: Final = Query(description="Leave out items that the catalogue says are not available.")
_PURCHASED_QUERY: Final = Query(description="Leave out what the user has bought.")
_TITLES_QUERY: Final = Query(description="Add to each item its title, null where the catalogue has none.")
_EXPLAIN_QUERY: Final = Query(
    description="Add to each item the features that moved its score most. Slower, and never from the cache."
)
