"""Windows in the past, and taking the best of what was tried on them."""

from typing import Any

import pytest

from candidate_gen.popularity import decayed_targets
from candidate_gen.sources.popular import Popular
from data.interactions import SECONDS_PER_DAY
from offline_eval.baselines import SourceSystem
from offline_eval.systems import System
from offline_eval.tuning import PastWindow, choose, past_windows

CUT, HORIZON = 30 * SECONDS_PER_DAY, 10 * SECONDS_PER_DAY
ROWS = [(user, f"item{day}", float(day)) for user in ("ann", "bob") for day in (5, 12, 15, 22, 25, 31, 35)]


def test_windows_touch_and_models_see_nothing_of_them(make_interactions: Any) -> None:
    """The last window ends at the cut, the one before where that begins; the past of each ends where it begins."""
    windows = past_windows(make_interactions(ROWS), CUT, HORIZON)
    assert [(window.test_set.cut, window.test_set.end) for window in windows] == [
        (20 * SECONDS_PER_DAY, CUT),
        (10 * SECONDS_PER_DAY, 20 * SECONDS_PER_DAY),
    ]
    for window in windows:
        assert window.as_of == window.test_set.cut
        assert window.past.interactions.timestamp.max() < window.as_of
    assert [len(window.past) for window in windows] == [6, 2]
    assert [len(window.test_set.item_idx) for window in windows] == [4, 4]


def test_windows_without_users_are_left_out(make_interactions: Any) -> None:
    """A window before the first event tests nobody."""
    recent = [row for row in ROWS if row[2] >= 15]
    assert [window.as_of for window in past_windows(make_interactions(recent), CUT, HORIZON)] == [20 * SECONDS_PER_DAY]


def test_the_best_setting_is_taken_and_the_first_of_equals(make_interactions: Any) -> None:
    """The choice is the setting of the highest mean over the windows; all scores are kept, in the order tried."""
    rows = [("ann", item, day) for item, days in (("a", (1, 2, 12)), ("b", (3, 22))) for day in days]
    windows = past_windows(make_interactions(rows), CUT, HORIZON)

    def build(half_life_days: float, window: PastWindow) -> System:
        return SourceSystem(Popular.of(decayed_targets(window.past, half_life_days)), None, "popularity")

    choice = choose((0.5, 300.0, 400.0), 14.0, windows, build, 1)
    assert choice.scores == ((0.5, 0.0), (300.0, 0.5), (400.0, 0.5))
    assert choice.best == 300.0


@pytest.mark.parametrize("n_settings", [0, 3])
def test_without_windows_the_default_is_taken(n_settings: int) -> None:
    """Nothing is built and nothing scored when there is no past to try on."""
    choice = choose(range(n_settings), 14, [], lambda *_: pytest.fail("built without a window"), 1)
    assert (choice.best, choice.scores) == (14, ())
