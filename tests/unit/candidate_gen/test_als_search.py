"""What ALS counts an interaction for, chosen on labels of the past."""

from itertools import count

import numpy as np
import pytest

from candidate_gen.als_search import SETTINGS, AlsChoice, choose_als
from candidate_gen.sources.als import AlsConfig
from data.arrays.labels import Labels, labels_of_rows
from data.arrays.past import Past, last_targets
from data.interactions import SECONDS_PER_DAY, Interactions

AS_OF = 200 * SECONDS_PER_DAY
CONFIG = AlsConfig(factors=4, iterations=3)


@pytest.fixture(scope="module")
def interactions(make_interactions) -> Interactions:
    """Sixty users on a checkerboard, each with nine of their kind's twelve items, one a day."""
    rng = np.random.default_rng(2)
    return make_interactions(
        [
            (f"u{user:02}", f"i{2 * item + user % 2:02}", float(100 + day))
            for user in range(60)
            for day, item in enumerate(rng.permutation(12)[:9])
        ]
    )


def chosen(interactions: Interactions, config: AlsConfig = CONFIG, seconds_a_look: int = 0) -> AlsChoice:
    """What is chosen on each user's last item."""
    labels = labels_of_rows(interactions, last_targets(interactions))
    return choose_als(Past.without_last(interactions, AS_OF), labels, config, 1, count(step=seconds_a_look).__next__)


def test_the_best_that_was_tried_is_taken(interactions: Interactions) -> None:
    """All settings are tried while there is time, the configured one first, and the best is the result."""
    choice = chosen(interactions)
    tried = [setting for setting, _ in choice.scores]
    assert tried[0] == (CONFIG.alpha, CONFIG.regularization, CONFIG.half_life_days)
    assert set(tried) == {tried[0], *SETTINGS}
    best = max(choice.scores, key=lambda scored: scored[1])
    assert (choice.config.alpha, choice.config.regularization, choice.config.half_life_days) == best[0]
    assert best[1] > 0.3
    assert choice.config.factors == 4


def test_time_bounds_the_search(interactions: Interactions) -> None:
    """When the seconds are over no further setting is tried; with none the configured one is taken as it is."""
    assert len(chosen(interactions, seconds_a_look=25).scores) == 3
    off = AlsConfig(factors=200, search_seconds=0)
    assert chosen(interactions, off) == AlsChoice(off, ())


def test_the_manifest_can_be_replayed(interactions: Interactions) -> None:
    """The choices name every setting that a fit needs."""
    choice = chosen(interactions)
    named = choice.choices()["als"]
    replayed = AlsConfig(**{name: named[name] for name in named if name != "tried"}, iterations=3, search_seconds=0)
    assert replayed == choice.config.model_copy(update={"search_seconds": 0})


def test_nobody_to_try_on_leaves_the_settings(interactions: Interactions) -> None:
    """Without a labelled user nothing is tried."""
    nobody = Labels(
        np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0)
    )
    assert choose_als(Past.before(interactions, AS_OF), nobody, CONFIG, 1).scores == ()
