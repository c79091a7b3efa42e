"""What an earlier training chose, taken again."""

from pipelines.replay import replayed
from pipelines.settings import Config


def test_weights_are_taken_and_nothing_is_searched() -> None:
    """The named weights stand in the configuration, the search is off, and all else is as it was."""
    chosen = {"factors": 64, "alpha": 5.0, "regularization": 20.0, "half_life_days": 365, "tried": [[1, 2, 3, 4]]}
    als = replayed(Config(), {"als": chosen, "ranker": "lightgbm"}).candidate_gen.als
    assert (als.factors, als.alpha, als.regularization, als.half_life_days) == (64, 5.0, 20.0, 365)
    assert als.search_seconds == 0
    assert als.limit == Config().candidate_gen.als.limit


def test_without_choices_the_configuration_stays() -> None:
    """Choices that name no weights change nothing."""
    assert replayed(Config(), {"ranker": "none"}) == Config()
