"""What an earlier training chose, taken again instead of searched."""

from collections.abc import Mapping
from typing import Any

from pipelines.settings import Config


def replayed(config: Config, choices: Mapping[str, Any]) -> Config:
    """The configuration with the weights of ALS that a manifest's choices name; as it is where they name none."""
    chosen = {name: value for name, value in choices.get("als", {}).items() if name != "tried"}
    if not chosen:
        return config
    als = config.candidate_gen.als.model_copy(update=chosen | {"search_seconds": 0.0})
    return config.model_copy(update={"candidate_gen": config.candidate_gen.model_copy(update={"als": als})})
