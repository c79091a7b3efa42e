"""What a training saw is in its bundle, and comes back as it was."""

import numpy as np

from monitoring.profiles import load_profile
from ranking.bundling import load_recommender
from shortlist.home import Home
from shortlist.ids import MISSING
from shortlist.registry import Registry


def test_a_training_keeps_what_it_saw(small_home: Home) -> None:
    bundle = Registry(small_home).open("current")
    profile, recommender = load_profile(bundle), load_recommender(bundle)

    assert profile.figures["events"].sum() > 0
    assert profile.hours.sum() > 0
    assert {f"feature {name}" for name in recommender.two_stage.context.names} <= set(profile.samples)
    assert len(profile.samples["score"]) > 0
    assert 0 < profile.n_hits <= len(profile.lists)
    assert len(np.unique(profile.lists[profile.lists != MISSING])) > 10
