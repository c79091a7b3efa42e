"""Histories grouped by item."""

import numpy as np
import plain_stage_one
import pytest

from candidate_gen.profile import HALF_LIVES_DAYS, build_profile
from data.interactions import SECONDS_PER_DAY, History, empty_history


def test_profile_by_hand(make_interactions) -> None:
    """Counts, first and last days, decayed weights and activity of a short history, reckoned by hand."""
    rows = [("u", "b", 10), ("u", "a", 40), ("u", "b", 40), ("u", "b", 70, "view")]
    interactions = make_interactions(rows)
    profile = build_profile(interactions.history(0, 100 * SECONDS_PER_DAY))
    assert profile.item_idx.tolist() == [0, 1]
    assert profile.n_events.tolist() == [1, 3]
    assert (profile.first_days.tolist(), profile.last_days.tolist()) == ([60, 90], [60, 30])
    assert profile.basket_days.tolist() == [90, 60, 30]
    assert profile.price.tolist() == [1, 1]
    for half_life, row in zip(HALF_LIVES_DAYS, profile.decayed, strict=True):
        wanted = [
            2 ** (-60 / half_life),
            2 ** (-90 / half_life) + 2 ** (-60 / half_life) + 0.2 * 2 ** (-30 / half_life),
        ]
        np.testing.assert_allclose(row, wanted, rtol=1e-5)
    np.testing.assert_array_equal(profile.decayed_at(60), profile.decayed[2])


def test_streaks_and_recent_shares_by_hand(make_interactions) -> None:
    """Of seven moments, item a was in 1, 2, 5, 6 and 7 and item b in 2 alone, item c in 4 and 6."""
    rows = [("u", "a", day) for day in (1, 2, 5, 6, 7, 7)]
    rows += [("u", "b", 2), ("u", "c", 4), ("u", "c", 6), ("u", "d", 3)]
    profile = build_profile(make_interactions(rows).history(0, 10 * SECONDS_PER_DAY))
    assert profile.streak.tolist() == [3, 1, 1, 1]
    np.testing.assert_allclose(profile.recent_share[0], [3 / 5, 0, 2 / 5, 1 / 5])
    np.testing.assert_allclose(profile.recent_share[1], [5 / 7, 1 / 7, 2 / 7, 1 / 7])


def test_rhythm_counts_moments(make_interactions) -> None:
    """Two items at one moment count once; 1970-01-05 was a Monday, and 13:00 lies in the fifth part of the day."""
    rows = [("u", "a", 4 + 13 / 24), ("u", "b", 4 + 13 / 24), ("u", "a", 6.0)]
    profile = build_profile(make_interactions(rows).history(0, 10 * SECONDS_PER_DAY))
    assert profile.weekday.tolist() == [1, 0, 1, 0, 0, 0, 0]
    assert profile.day_part.tolist() == [1, 0, 0, 0, 1, 0, 0, 0]


def test_later_events_do_not_show(make_interactions) -> None:
    """A profile as of a moment is that of a history which ends there; an event of that very second is later."""
    rows = [("u", "a", 10), ("u", "b", 20), ("u", "a", 30)]
    now = 20 * SECONDS_PER_DAY
    whole = build_profile(make_interactions(rows, ["a", "b"]).history(0, now))
    short = build_profile(make_interactions(rows[:1], ["a", "b"]).history(0, now))
    fields = ("item_idx", "n_events", "first_days", "last_days", "decayed", "price", "basket_days", "streak", "weekday")
    for field in fields:
        np.testing.assert_array_equal(getattr(whole, field), getattr(short, field))


def test_empty_profile_has_its_shapes() -> None:
    """An empty history has no item, and a row of nothing for each half-life."""
    profile = build_profile(empty_history(1_000))
    assert len(profile) == 0
    assert profile.decayed.shape == (len(HALF_LIVES_DAYS), 0)
    assert (profile.recent_share.shape, profile.day_part.sum(), profile.weekday.sum()) == ((2, 0), 0, 0)
    assert profile.decayed_at(60).shape == profile.basket_days.shape == (0,)


@pytest.mark.parametrize("seed", range(20))
def test_the_kernel_is_the_plain_grouping(seed: int) -> None:
    """Against one item after the other in numpy: several events a moment, unknown prices, streaks."""
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 200))
    history = History(
        item_idx=draw.integers(0, 30, n).astype(np.int32),
        timestamp=np.sort(draw.integers(0, 40, n)) * 50_000,
        weight=draw.random(n).astype(np.float32),
        price=np.where(draw.random(n) < 0.3, 0, draw.random(n) * 100).astype(np.float32),
        is_target=np.ones(n, dtype=np.bool_),
        event_type=np.zeros(n, dtype=np.int8),
        basket=np.zeros(n, dtype=np.int32),
        as_of=40 * 50_000,
    )
    profile = build_profile(history)
    for name, wanted in plain_stage_one.profile(history).items():
        found = getattr(profile, name)
        np.testing.assert_allclose(found.T if found.ndim > 1 else found, wanted, rtol=1e-5, err_msg=name)
    assert len(profile.basket_days) == len(np.unique(history.timestamp))
    np.testing.assert_array_equal(profile.latest_first, np.argsort(profile.moments_since, kind="stable"))
