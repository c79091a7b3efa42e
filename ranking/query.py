"""What a list is asked for, and what comes back."""

from dataclasses import dataclass, field
from typing import Final, Literal

from ranking.scenarios import HOME, ScenarioName
from ranking.two_stage import Stage

ListSource = Literal["personalized", "popular", "related"]

NOBODY: Final = ""
"""The user of a list that is made for nobody in particular."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a list is asked for.

    Attributes
    ----------
    scenario : str
        Where the list is shown, which decides what it is made of.
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
    scenario: ScenarioName = HOME
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
        ``no_ranker`` when both stages were asked for and the bundle has but the first; ``stage_one`` and ``popular``
        when there was no time for more.
    """

    user_id: str
    items: tuple[Recommended, ...]
    source: ListSource
    warnings: tuple[str, ...]
    degraded: Literal["no_ranker", "stage_one", "popular"] | None = None
