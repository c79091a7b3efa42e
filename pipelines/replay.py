"""What an earlier training chose, taken again instead of searched."""

from collections.abc import Mapping
from typing import Any

from pipelines.settings import Config
from ranking.settings import CHOICES


def replayed(config: Config, choices: Mapping[str, Any]) -> Config:
    """The configuration with the weights of ALS and the recipe of the trees that a manifest's choices name.

    What they do not name stays as it is.
    """
    weights = {name: value for name, value in choices.get("als", {}).items() if name != "tried"}
    als = config.candidate_gen.als.model_copy(update=weights | ({"search_seconds": 0.0} if weights else {}))
    recipe = {name: choices[name] for name in (*CHOICES, "n_trees", "order", "order_half_life_days") if name in choices}
    stages = {
        "candidate_gen": config.candidate_gen.model_copy(update={"als": als}),
        "ranking": config.ranking.model_copy(update=recipe),
    }
    return config.model_copy(update=stages)
