"""What an earlier training chose, taken again instead of searched."""

from typing import Final

from pipelines.settings import Config
from ranking.settings import CHOICES
from shortlist.choices import Choices

RECIPE: Final = frozenset({*CHOICES, "n_trees", "order", "order_half_life_days"})


def replayed(config: Config, choices: Choices) -> Config:
    """The configuration with the weights of ALS and the recipe of the trees that a manifest's choices name.

    What they do not name stays as it is.
    """
    weights = {} if choices.als is None else choices.als.settings()
    als = config.candidate_gen.als.model_copy(update=weights | ({"search_seconds": 0.0} if weights else {}))
    recipe = {name: value for name, value in choices.to_dict().items() if name in RECIPE}
    stages = {
        "candidate_gen": config.candidate_gen.model_copy(update={"als": als}),
        "ranking": config.ranking.model_copy(update=recipe),
    }
    return config.model_copy(update=stages)
