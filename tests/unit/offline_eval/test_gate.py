"""The gate: an equal recipe passes, a worse one does not, whatever it is worse in."""

import numpy as np
import pytest

from offline_eval.gate import MIN_USERS, K, Measured, judge
from shortlist.ids import MISSING

N_USERS, N_ITEMS = 400, 2_000
WANTED = 0.4


def measured(name: str, seed: int, *, ndcg: float = 0.3, n_items: int = N_ITEMS, repeats: float = WANTED) -> Measured:
    """A system whose users share what they are like, and differ by a noise of its own."""
    users, own = np.random.default_rng(1), np.random.default_rng(seed)
    value = np.clip(users.beta(1, 2, N_USERS) * (ndcg / (1 / 3)) + own.normal(0, 0.02, N_USERS), 0, 1)
    lists = np.argsort(own.random((N_USERS, n_items)), axis=1)[:, :K].astype(np.int32)
    return Measured(name, lists, value, own.binomial(K, repeats, N_USERS) / K)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "word"),
    [({"ndcg": 0.26}, "NDCG"), ({"n_items": 300}, "different items"), ({"repeats": 0.75}, "share of repeats")],
)
def test_a_worse_recipe_is_refused_and_the_reason_says_in_what(changes: dict[str, float], word: str) -> None:
    """Of twenty, at least nineteen; the reason names the measure and no other."""
    verdicts = [
        judge(measured("new", seed, **changes), measured("serving", seed + 100), [], WANTED, 1) for seed in range(20)
    ]
    refused = [one for one in verdicts if one.verdict == "refused"]
    assert len(refused) >= 19
    assert all(len(one.reasons) == 1 and word in one.reasons[0] for one in refused)


@pytest.mark.slow
def test_an_equal_recipe_passes() -> None:
    """Of twenty, at least eighteen; a better one always does, and one with repeats that users want more."""
    verdicts = [judge(measured("new", seed), measured("serving", seed + 100), [], WANTED, 1) for seed in range(20)]
    assert sum(one.verdict == "passed" for one in verdicts) >= 18
    for changes in ({"ndcg": 0.35}, {"repeats": 0.45}):
        assert judge(measured("new", 1, **changes), measured("serving", 2), [], 0.5, 1).verdict == "passed"


def test_the_best_baseline_is_a_rival() -> None:
    """Worse than a simple method is refused, also where nothing serves yet."""
    baselines = [measured("popular", 3, ndcg=0.1), measured("ease", 4, ndcg=0.36)]
    verdict = judge(measured("new", 1), None, baselines, WANTED, 1)
    assert (verdict.verdict, [one.rival for one in verdict.comparisons]) == ("refused", ["ease"])
    assert "ease" in verdict.reasons[0]


def test_too_few_users_say_nothing() -> None:
    """Then the verdict is none, and says how many there were."""
    few = Measured("new", np.full((MIN_USERS - 1, K), MISSING, np.int32), np.zeros(MIN_USERS - 1), np.zeros(29))
    verdict = judge(few, few, [few], WANTED, 1)
    assert (verdict.verdict, verdict.n_users, verdict.comparisons) == ("too_few_users", MIN_USERS - 1, ())


def test_the_same_lists_pass_and_differ_in_nothing() -> None:
    """A recipe judged against itself has differences of 0."""
    same = measured("new", 1)
    verdict = judge(same, same, [], WANTED, 1)
    assert verdict.verdict == "passed"
    assert [one.difference for one in verdict.comparisons] == [0, 0, 0]
