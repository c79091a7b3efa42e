"""The [ranking] table of the configuration."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from ranking.order import HALF_LIVES, USUAL_HALF_LIFE, Order
from shortlist.config import ConfigModel

Objective = Literal["lambdarank", "rank_xendcg", "binary"]
Auto = Literal["auto"]

CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    "objective": ("lambdarank", "rank_xendcg", "binary"),
    "num_leaves": (31, 15),
    "negatives_per_query": (50, 100),
    "weigh_repeats": (False, True),
    "lambdarank_truncation_level": (30, 10),
}
"""What each setting of a `Recipe` is chosen among, in this order: the first stands until another is measured better."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the trees are trained.

    Attributes
    ----------
    objective : str
        LightGBM's name.
    num_leaves : int
        Of each tree.
    negatives_per_query : int
        At most so many, at random.
    weigh_repeats : bool
        Whether an item that was wanted n times counts ``log2(1 + n)``, or once.
    lambdarank_truncation_level : int
        To which place lambdarank looks; the other objectives do not.
    """

    objective: Objective
    num_leaves: int
    negatives_per_query: int
    weigh_repeats: bool
    lambdarank_truncation_level: int

    def uses(self, setting: str) -> bool:
        """Whether a setting changes anything."""
        return setting != "lambdarank_truncation_level" or self.objective == "lambdarank"


class RankerConfig(ConfigModel):
    """Stage two. The names of the trees' settings are LightGBM's; those that are "auto" are chosen on past windows."""

    objective: Objective | Auto = "auto"
    labels: Literal["auto", "window", "last", "held_out"] = "auto"
    n_windows: int = Field(default=4, ge=2)
    horizon_days: float | None = Field(default=None, gt=0)
    held_out_share: float = Field(default=0.15, gt=0, lt=1)
    max_queries_per_window: int = Field(default=2_000, ge=1)
    max_queries: int = Field(default=8_000, ge=1)
    min_queries: int = Field(default=20, ge=1)
    novel_queries: bool = True
    negatives_per_query: Annotated[int, Field(ge=1)] | Auto = "auto"
    weigh_repeats: bool | Auto = "auto"
    n_trees: Annotated[int, Field(ge=1)] | Auto = "auto"
    num_leaves: Annotated[int, Field(ge=2, le=64)] | Auto = "auto"
    lambdarank_truncation_level: Annotated[int, Field(ge=1)] | Auto = "auto"
    order: Order | Auto = "auto"
    order_half_life_days: Literal[HALF_LIVES] = USUAL_HALF_LIFE  # type: ignore[valid-type]
    learning_rate: float = Field(default=0.05, gt=0)
    min_data_in_leaf: int = Field(default=100, ge=1)
    feature_fraction: float = Field(default=0.7, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    max_trees: int = Field(default=300, ge=1)
    early_stopping_rounds: int = Field(default=30, ge=1)

    def values(self, setting: str) -> tuple[Any, ...]:
        """What a setting of the recipe may be: what is given, or all there is to choose among."""
        given = getattr(self, setting)
        return CHOICES[setting] if given == "auto" else (given,)

    def first_recipe(self) -> Recipe:
        """The recipe that others are measured against."""
        return Recipe(**{setting: self.values(setting)[0] for setting in CHOICES})
