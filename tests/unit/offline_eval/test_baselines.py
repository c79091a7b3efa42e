"""Baselines on data whose right answer is known for every user, and settings that the future has no say in."""

from typing import Any

import numpy as np
import pytest

from candidate_gen.popularity import decayed_targets
from candidate_gen.sources.als import AlsConfig
from candidate_gen.sources.item_knn import ItemKnn, ItemKnnConfig, fit_neighbors
from candidate_gen.sources.popular import Popular
from data.arrays.past import Past
from data.interactions import SECONDS_PER_DAY, Interactions
from offline_eval.baselines import (
    BASELINES,
    PersonalFrequency,
    SourceSystem,
    choose_half_life,
    fit_als_system,
    fit_baselines,
)
from offline_eval.protocol import allowed_items
from offline_eval.systems import System, TunedSystem

N_USERS = 24
CUT = 130 * SECONDS_PER_DAY
HORIZON = 5 * SECONDS_PER_DAY


def _popularity(interactions: Interactions) -> Popular:
    return Popular.of(decayed_targets(Past.before(interactions, CUT), 14.0))


def _item_knn(interactions: Interactions) -> SourceSystem:
    model = ItemKnn(fit_neighbors(Past.before(interactions, CUT), ItemKnnConfig()), 150)
    return SourceSystem(model, _popularity(interactions), "item_knn")


def _novel_first(system: System, interactions: Interactions, user_idx: int) -> int:
    """The first item of a user's list of new items."""
    history = interactions.history(user_idx, CUT)
    return int(system.ranking(history, 1, allowed_items(history, len(interactions.items), "novel"))[0])


def _named(systems: list[System]) -> dict[str, System]:
    return {system.name: system for system in systems}


def test_als_finds_the_one_item_each_user_lacks(make_interactions: Any, checkerboard: Any) -> None:
    """Of 13 items new to a user, matrix factorisation puts first the one that all of the user's kind have."""
    interactions = make_interactions(checkerboard)
    system = fit_als_system(Past.before(interactions, CUT), AlsConfig(factors=4, regularization=0.1), 1)
    assert [_novel_first(system, interactions, user) for user in range(N_USERS)] == list(range(N_USERS))


def test_item_knn_finds_the_one_item_each_user_lacks(make_interactions: Any, checkerboard: Any) -> None:
    """Of 13 items new to a user, item neighbours put first the one that all of the user's kind have."""
    interactions = make_interactions(checkerboard)
    system = _item_knn(interactions)
    assert [_novel_first(system, interactions, user) for user in range(N_USERS)] == list(range(N_USERS))


def test_item_knn_fills_up_with_popular_items(make_interactions: Any, checkerboard: Any) -> None:
    """Items of the other kind are nobody's neighbours, so they follow in the order of popularity."""
    interactions = make_interactions(checkerboard)
    popularity = _popularity(interactions)
    found = _item_knn(interactions).ranking(interactions.history(0, CUT), N_USERS, None)
    assert sorted(found) == list(range(N_USERS))
    assert (found[:12] % 2 == 0).all()
    assert found[12:].tolist() == [item for item in popularity.order if item % 2]


def test_personal_frequency_orders_by_count_then_popularity(make_interactions: Any) -> None:
    """The item bought twice comes first, then the more popular of two bought once, then what others buy."""
    rows = [("ann", "jam", 100), ("ann", "tea", 100), ("ann", "egg", 100), ("ann", "tea", 100.5), ("bob", "jam", 101)]
    rows += [("bob", "oil", 102), ("cy", "oil", 103), ("cy", "rye", 103)]
    interactions = make_interactions(rows)
    system = PersonalFrequency(_popularity(interactions), 60)
    history = interactions.history(0, CUT)
    assert interactions.items.externals(system.ranking(history, 5, None)) == ["tea", "jam", "egg", "oil", "rye"]
    repeat, novel = (allowed_items(history, 5, segment) for segment in ("repeat", "novel"))
    assert interactions.items.externals(system.ranking(history, 2, repeat)) == ["tea", "jam"]
    assert interactions.items.externals(system.ranking(history, 5, repeat)) == ["tea", "jam", "egg"]
    assert interactions.items.externals(system.ranking(history, 5, novel)) == ["oil", "rye"]


def test_popularity_counts_and_recent_popularity_fades(make_interactions: Any) -> None:
    """All-time popularity prefers three old purchases to two new ones, recent popularity the other way round."""
    rows = [(user, "old", 1) for user in ("ann", "bob", "cy")] + [(user, "new", 129) for user in ("ann", "bob")]
    rows += [(user, "seen", 129.5, "view") for user in ("ann", "bob", "cy", "di")]
    interactions = make_interactions(rows)
    systems = _named(fit_baselines(interactions, CUT, HORIZON))
    history = interactions.history(0, CUT)
    order = {
        name: interactions.items.externals(systems[name].ranking(history, 3, None))
        for name in ("popularity", "recent_popularity")
    }
    assert order == {"popularity": ["old", "new", "seen"], "recent_popularity": ["new", "old", "seen"]}


def _habit_rows(n_days: int) -> list[tuple[str, str, float]]:
    """Users who bought one item on ten days long ago, and lately buy another one daily.

    Counting all of the past alike puts the old item first; only a short half-life sees that the habit has changed.
    """
    rows = []
    for user in range(20):
        rows += [(f"user{user:02}", f"old{user:02}", float(day)) for day in range(60, 100)]
        rows += [(f"user{user:02}", f"new{user:02}", float(day)) for day in range(118, 118 + n_days)]
    return rows


def test_half_life_is_short_where_habits_change(make_interactions: Any) -> None:
    """Where a new habit is what is bought next, the shortest half-life scores best, and every one has its score."""
    choice = choose_half_life(make_interactions(_habit_rows(12)), CUT, HORIZON, 1)
    assert choice.best == 7
    assert [half_life for half_life, _ in choice.scores] == [7, 21, 60, 120, 365, 3650]
    scores = dict(choice.scores)
    assert scores[7] == 1.0
    assert scores[365] == 0.0


def test_half_life_is_long_where_the_last_basket_misleads(make_interactions: Any) -> None:
    """Where users return to what they bought most, a long half-life scores best."""
    rows = []
    for user in range(20):
        rows += [(f"user{user:02}", f"staple{user:02}", float(day)) for day in (*range(60, 110, 5), 121, 126)]
        rows += [(f"user{user:02}", f"once{user:02}{day}", float(day)) for day in (117, 119, 122, 124)]
    choice = choose_half_life(make_interactions(rows), CUT, HORIZON, 1)
    scores = dict(choice.scores)
    assert scores[365] == 1.0 > scores[7]


def test_events_after_the_cut_change_no_choice(make_interactions: Any) -> None:
    """Whatever the test window holds, the half-life and its scores stay the same to the last bit."""
    past = _habit_rows(12)
    plain = choose_half_life(make_interactions(past), CUT, HORIZON, 1)
    for item in ("old", "new"):
        future = [(f"user{user:02}", f"{item}{user:02}", 130.0 + day) for user in range(20) for day in range(5)]
        assert choose_half_life(make_interactions(past + future), CUT, HORIZON, 1) == plain


def test_events_after_the_cut_change_no_baseline(make_interactions: Any, checkerboard: Any) -> None:
    """Baselines fitted with the future in their hands make the lists of those fitted without it."""
    future = [(f"user{user:02}", f"item{user % 3:02}", 131.0 + day) for user in range(N_USERS) for day in range(4)]
    full = make_interactions(checkerboard + future)
    honest = fit_baselines(full.before(CUT), CUT, HORIZON, 3)
    tempted = fit_baselines(full, CUT, HORIZON, 3)
    for one, other in zip(honest, tempted, strict=True):
        for user in range(N_USERS):
            history = full.history(user, CUT)
            assert one.ranking(history, 10, None).tolist() == other.ranking(history, 10, None).tolist(), one.name


def test_baselines_say_what_was_chosen_for_them(make_interactions: Any, checkerboard: Any) -> None:
    """All baselines are there under their names, and the tuned ones name their settings."""
    systems = fit_baselines(make_interactions(checkerboard), CUT, HORIZON)
    assert tuple(system.name for system in systems) == BASELINES
    tuned = [system for system in systems if isinstance(system, TunedSystem) and system.choices]
    choices = {system.name: set(system.choices) for system in tuned}
    assert choices["personal_frequency"] == choices["recent_popularity"] == {"half_life_days"}
    assert {"alpha", "regularization", "factors"} <= choices["als"]
    assert set(choices) == {"personal_frequency", "recent_popularity", "als", "ease", "tifu_knn"}


def test_a_past_too_short_to_choose_gives_the_defaults(make_interactions: Any) -> None:
    """Without a window before the cut the defaults are taken, no score is claimed, and lists are made all the same."""
    interactions = make_interactions([("ann", "tea", 129), ("bob", "jam", 129), ("bob", "tea", 129.5)])
    choice = choose_half_life(interactions, CUT, HORIZON, 10)
    assert (choice.best, choice.scores) == (60, ())
    for system in fit_baselines(interactions, CUT, HORIZON):
        found = system.ranking(interactions.history(0, CUT), 10, np.array([True, False]))
        assert found.tolist() == [0], system.name


def test_window_without_length_is_refused(make_interactions: Any) -> None:
    """A horizon of no seconds leaves nothing to choose on."""
    with pytest.raises(ValueError, match="must have a length"):
        choose_half_life(make_interactions([("ann", "tea", 1)]), CUT, 0, 10)
