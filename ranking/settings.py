"""The [ranking] table of the configuration."""

from typing import Literal

from pydantic import Field

from shortlist.config import ConfigModel

Objective = Literal["lambdarank", "rank_xendcg", "binary"]


class RankerConfig(ConfigModel):
    """Stage two. The names of the trees' settings are LightGBM's."""

    objective: Literal["auto", "lambdarank", "rank_xendcg", "binary"] = "auto"
    labels: Literal["auto", "window", "last", "held_out"] = "auto"
    n_windows: int = Field(default=4, ge=2)
    horizon_days: float | None = Field(default=None, gt=0)
    held_out_share: float = Field(default=0.15, gt=0, lt=1)
    max_queries_per_window: int = Field(default=2_000, ge=1)
    max_queries: int = Field(default=8_000, ge=1)
    min_queries: int = Field(default=20, ge=1)
    novel_queries: bool = True
    negatives_per_query: int = Field(default=50, ge=1)
    learning_rate: float = Field(default=0.05, gt=0)
    num_leaves: int = Field(default=31, ge=2, le=64)
    min_data_in_leaf: int = Field(default=100, ge=1)
    feature_fraction: float = Field(default=0.7, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    lambdarank_truncation_level: int = Field(default=30, ge=1)
    max_trees: int = Field(default=300, ge=1)
    early_stopping_rounds: int = Field(default=30, ge=1)
