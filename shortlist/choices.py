"""What a training chose, and the figures that it chose by: with these choices the same bundle is made again."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from shortlist.columns import EventType


class _ChoiceModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True)

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What was not chosen is not named."""
        return {name: value for name, value in handler(self).items() if value is not None}


class IndexChoice(_ChoiceModel):
    """The FAISS index of the factors: its factory string, the share of items it looks at, and the recall measured."""

    factory: str
    share_of_items: float
    recall: float


class AlsChoices(_ChoiceModel):
    """The settings of matrix factorisation; `tried` holds each setting that was tried, its NDCG@20 last."""

    factors: int
    alpha: float
    regularization: float
    half_life_days: float
    tried: tuple[tuple[float, ...], ...] = ()

    def settings(self) -> dict[str, float]:
        """What a fit needs, by name."""
        return self.model_dump(exclude={"tried"})


class LabelFigures(_ChoiceModel):
    """What decided where labels come from.

    Attributes
    ----------
    share_with_times : float
        Of the users with several events, those whose events have several moments.
    items_at_once : float
        Mean number of events at a moment.
    horizon_days : float or None
        The length of a window.
    window_queries : tuple of int or None
        How many users each window has.
    draws : int or None
        How often a share was held out.
    """

    share_with_times: float
    items_at_once: float
    horizon_days: float | None = None
    window_queries: tuple[int, ...] | None = None
    draws: int | None = None


class Choices(_ChoiceModel):
    """All that was chosen in a training.

    Attributes
    ----------
    target : str
        The event type that lists are made to bring about.
    sampled_users, sampled_events : int or None
        What models were fitted on, where not on the whole log.
    ranker : str
        ``none`` where the log has too few labels; `reason` says why.
    labels : tuple of str
        Where labels come from.
    objective, num_leaves, negatives_per_query, weigh_repeats, lambdarank_truncation_level, n_trees
        The recipe of the trees.
    order, order_half_life_days
        Whose order lists have.
    valid_ndcg : dict
        By setting and value, over candidates on queries kept apart; of release 0.1 by objective.
    seed_noise : float or None
        What another seed changes in it.
    horizon_days : float or None
        Of release 0.1.
    """

    target: EventType = EventType.PURCHASE
    sampled_users: int | None = None
    sampled_events: int | None = None
    index: IndexChoice | None = None
    als: AlsChoices | None = None
    ranker: Literal["lightgbm", "none"] | None = None
    reason: str | None = None
    n_queries: int | None = None
    labels: tuple[str, ...] | None = None
    label_figures: LabelFigures | None = None
    objective: str | None = None
    num_leaves: int | None = None
    negatives_per_query: int | None = None
    weigh_repeats: bool | None = None
    lambdarank_truncation_level: int | None = None
    n_trees: int | None = None
    order: str | None = None
    order_half_life_days: int | None = None
    valid_ndcg: dict[str, float | dict[str, float]] | None = Field(default=None, alias="valid_ndcg@10")
    seed_noise: float | None = None
    horizon_days: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-like, as manifests and reports hold it."""
        return self.model_dump(mode="json", by_alias=True)
