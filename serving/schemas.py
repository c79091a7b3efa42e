"""The shapes of the answers, for the OpenAPI description. Answers are written as bytes and never pass through these."""

from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from ranking.explanations import REASONS

_ITEM: Final = {"item_id": "p1", "rank": 1, "score": 0.91, "reasons": ["bought_before"]}
_LIST: Final = {"degraded": None, "items": [_ITEM], "warnings": []}
_ID: Final = "6f1b2c0a9d3e4f5a8b7c6d5e4f3a2b1c"
_VERSION: Final = "20261101T020000-3f9a1c07"

RECOMMENDATION_EXAMPLE: Final[dict[str, Any]] = {
    "user_id": "u1",
    "recommendation_id": _ID,
    "model_version": _VERSION,
    "variant": "control",
    "source": "personalized",
    **_LIST,
}
POPULAR_EXAMPLE: Final[dict[str, Any]] = {
    "recommendation_id": _ID,
    "model_version": _VERSION,
    "source": "popular",
    **_LIST,
    "items": [_ITEM | {"reasons": ["popular"]}],
}
ITEM_EXAMPLE: Final[dict[str, Any]] = {
    "item_id": "p0",
    "recommendation_id": _ID,
    "model_version": _VERSION,
    "source": "related",
    **_LIST,
    "items": [_ITEM | {"reasons": ["bought_together"]}],
}
ASSIGNMENT_EXAMPLE: Final[dict[str, Any]] = {
    "user_id": "u3",
    "variant": "ranker:retrieval-only",
    "experiments": [
        {"experiment": "ranker", "variant": "retrieval-only", "override": False, "bucket": 0.6978393542154661}
    ],
}


class Item(BaseModel):
    """One item of a list."""

    item_id: str = Field(description="The shop's own id of the item.")
    rank: int = Field(description="The place in the user's whole order, from 1; with `offset` it begins above 1.", ge=1)
    score: float = Field(description="In (0, 1], falling along the list. Comparable within one list only.")
    reasons: list[str] = Field(description=f"Why the item was found: {', '.join(dict.fromkeys(REASONS.values()))}.")
    title: str | None = Field(default=None, description="Only with `titles`: null where the catalogue has none.")
    contributions: dict[str, float] | None = Field(
        default=None, description="Only with `explain`: the features that moved the score most, in log-odds."
    )


class ItemList(BaseModel):
    """What every list has."""

    recommendation_id: str = Field(description="Unique to this answer, also when the list comes from the cache.")
    model_version: str = Field(description="The bundle that answered.")
    source: Literal["personalized", "related", "popular"] = Field(
        description="`popular` when nothing is known of the user or the item, or `degraded` says it: what sells most."
    )
    degraded: Literal["no_ranker", "stage_one", "popular"] | None = Field(
        description="Null when nothing was left out: the bundle has no ranker; or there was no time, and the list is "
        "the first stage's, or what is popular."
    )
    items: list[Item] = Field(description="Best first. Shorter than asked for only when fewer items qualify.")
    warnings: list[str] = Field(description="What the caller should know, one sentence each.")


class RecommendationAnswer(ItemList):
    """A user's list."""

    user_id: str = Field(description="As it was asked for.")
    variant: str = Field(description="`control`, or `experiment:variant` for what an experiment changed.")


class ItemAnswer(ItemList):
    """What goes with an item."""

    item_id: str = Field(description="As it was asked for.")


class PlacedExperiment(BaseModel):
    """A user's place in one experiment."""

    experiment: str
    variant: str
    override: bool = Field(description="True for a tester named in the file; leave such users out of every analysis.")
    bucket: float = Field(description="In [0, 1); decided the variant.")


class AssignmentAnswer(BaseModel):
    """The experiments that a user is in."""

    user_id: str
    variant: str
    experiments: list[PlacedExperiment]


class ErrorAnswer(BaseModel):
    """Every error."""

    detail: str = Field(description="What is wrong and what to do, for a person.")
    code: str = Field(description="Stable, for a program.")


class Refused(BaseModel):
    """A record of a request that is not kept."""

    index: int = Field(description="Its place in the request, from 0.", ge=0)
    code: str = Field(description="Stable, for a program.")
    reason: str = Field(description="What to do about it, for a person.")


class EventsAnswer(BaseModel):
    """What became of some events."""

    accepted: int = Field(description="Safe on disk.", ge=0)
    duplicates: int = Field(description="There already.", ge=0)
    withheld: int = Field(description="Not kept, for want of consent.", ge=0)
    refused: list[Refused] = Field(description="Those that something is wrong with.")


EVENTS_EXAMPLE: Final = [{"event_id": "e1", "user_id": "u1", "item_id": "p1", "event_type": "add_to_cart"}]


class ItemsAnswer(BaseModel):
    """What became of some items."""

    accepted: int = Field(description="Kept; they count already.", ge=0)
    refused: list[Refused] = Field(description="Those that something is wrong with.")


class DeletedItem(BaseModel):
    """An item that is in no list any more."""

    item_id: str = Field(description="As it was asked for.")
    availability: Literal["discontinued"]


class ForgottenUser(BaseModel):
    """What became of a wish to be forgotten."""

    receipt: str = Field(description="A pseudonym of the user: nothing but this is kept.")
    forgotten_at: str = Field(description="Nothing from before this moment is used any more; ISO 8601.")
    is_waiting: bool = Field(description="Whether the home's files are to be rewritten still.")
    journal: int = Field(description="Events erased that were not stored yet.", ge=0)
    events: int = Field(description="Events erased from the store.", ge=0)
    attributes: int = Field(description="Rows erased from the table of users.", ge=0)
    rejects: int = Field(description="Quarantined rows erased.", ge=0)
    records: int = Field(description="Import records that no longer name the user.", ge=0)
    exposures: int = Field(description="Served lists erased.", ge=0)


class MergedUsers(BaseModel):
    """Two ids that are one user."""

    user_id: str = Field(description="The id that counts, as it was given.")
    merged: str = Field(description="The other one.")


ITEMS_EXAMPLE: Final = [{"item_id": "p1", "price": 12.5, "availability": "in stock"}]

_ERROR_EXAMPLES: Final = {
    401: ("Unauthorized", [("UNAUTHORIZED", "The header X-API-Key is missing or wrong.")]),
    409: ("One user already", [("ALREADY_MERGED", "u1 and u2 are one user already, under the id u2.")]),
    413: ("Too long", [("BODY_TOO_LARGE", "The body is longer than 4 MB. Send fewer events at a time.")]),
    429: ("Too many at once", [("TOO_MANY_EVENTS", "20,000 events wait to be kept. Send these again in a second.")]),
    422: (
        "A parameter is outside what is allowed",
        [
            ("INVALID_PARAMETER", "limit: '500' is not allowed. Give a whole number from 1 to 100."),
            ("UNKNOWN_SCENARIO", "scenario: there is no 'checkout'. Give one of home, product, basket."),
        ],
    ),
    500: ("The service failed", [("INTERNAL", "The request failed inside the service.")]),
    503: ("Not ready", [("NOT_READY", "No bundle is loaded yet. Ask again shortly.")]),
}


def error_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of these errors, each with its examples."""
    answers: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        description, examples = _ERROR_EXAMPLES[status]
        content = {code: {"value": {"detail": detail, "code": code}} for code, detail in examples}
        answers[status] = {
            "model": ErrorAnswer,
            "description": description,
            "content": {"application/json": {"examples": content}},
        }
    return answers


def success_answer(model: type[BaseModel], example: dict[str, Any], *headers: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of a 200."""
    named = {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in headers}
    return {200: {"model": model, "headers": named, "content": {"application/json": {"example": example}}}}


HEADERS: Final = {
    "X-Request-ID": "The request's own, or a fresh one: up to 128 printable ASCII characters.",
    "X-Model-Version": "The bundle that answered.",
    "X-Cache": "`hit`, `miss`, or `bypass` when the cache was not used.",
}
