"""What an earlier training chose, taken again."""

from pipelines.replay import replayed
from pipelines.settings import Config
from ranking.boosting import choose_boosting
from shortlist.choices import AlsChoices, Choices

WEIGHTS = {"factors": 64, "alpha": 5.0, "regularization": 20.0, "half_life_days": 365}
RECIPE = {
    "objective": "binary",
    "num_leaves": 15,
    "negatives_per_query": 25,
    "weigh_repeats": True,
    "lambdarank_truncation_level": 10,
    "n_trees": 77,
    "order": "history",
    "order_half_life_days": 21,
}


def test_weights_are_taken_and_nothing_is_searched() -> None:
    """The named weights stand in the configuration, the search is off, and all else is as it was."""
    again = replayed(Config(), Choices(als=AlsChoices(**WEIGHTS, tried=((1, 2, 3, 4),)), ranker="lightgbm"))
    assert again.candidate_gen.als.model_dump() | WEIGHTS == again.candidate_gen.als.model_dump()
    assert again.candidate_gen.als.search_seconds == 0
    assert again.candidate_gen.als.limit == Config().candidate_gen.als.limit
    assert again.ranking == Config().ranking


def test_the_recipe_is_taken_and_nothing_is_trained_to_choose() -> None:
    """The named recipe and number of trees stand in the configuration, so that no trial is needed."""
    ranking = replayed(Config(), Choices(ranker="lightgbm", **RECIPE)).ranking
    chosen = choose_boosting([], ranking, 1)
    assert {name: chosen.choices()[name] for name in RECIPE} == RECIPE
    assert chosen.tried == {}


def test_without_choices_the_configuration_stays() -> None:
    """Choices that name nothing change nothing."""
    assert replayed(Config(), Choices(ranker="none")) == Config()
