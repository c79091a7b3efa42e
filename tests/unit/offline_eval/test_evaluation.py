"""An evaluation whose every figure is known, and what it refuses."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from data.interactions import SECONDS_PER_DAY, History
from offline_eval.baselines import BASELINES, fit_baselines
from offline_eval.evaluation import Evaluation, evaluate
from shortlist.errors import DataError

CUT, END = 130 * SECONDS_PER_DAY, 135 * SECONDS_PER_DAY
N_USERS = 24


@dataclass(frozen=True)
class InOrder:
    """All items from a first one on, in order, round the corner."""

    name: str
    first: int = 0
    n_items: int = N_USERS

    def ranking(self, history: History, n: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int32]:
        """The items allowed."""
        items = np.roll(np.arange(self.n_items, dtype=np.int32), -self.first)
        return items[:n] if allowed is None else items[allowed[items]][:n]


@pytest.fixture
def tested(make_interactions: Any, checkerboard: Any) -> Any:
    """The checkerboard, and a window in which every user buys the one item that all of the kind but them had."""
    return make_interactions(checkerboard + [(f"user{user:02}", f"item{user:02}", 131.0) for user in range(N_USERS)])


def _means(evaluation: Evaluation, segment: str, metric: str) -> dict[str, float]:
    rows = evaluation.to_dict()["systems"]
    return {row["name"]: row["metrics"][metric]["mean"] for row in rows if row["segment"] == segment}


def test_checkerboard_scores_are_known(tested: Any) -> None:
    """Item neighbours find each user's one new item; an own-history list never holds it among its first ten."""
    systems = fit_baselines(tested.before(CUT), CUT, END - CUT)
    evaluation = evaluate(systems, "item_knn", tested, CUT, END, ks=(10, 1))
    assert _means(evaluation, "novel", "ndcg@1")["item_knn"] == 1.0
    assert _means(evaluation, "novel", "precision@10")["item_knn"] == 0.1
    assert _means(evaluation, "overall", "ndcg@10")["personal_frequency"] == 0.0
    assert {row.n_users for row in evaluation.systems if row.segment == "repeat"} == {0}


def test_report_names_the_protocol(tested: Any) -> None:
    """Dates, lengths, numbers of users and items, and the share of repeats are those of the data."""
    evaluation = evaluate([InOrder("two_stage")], "two_stage", tested, CUT, END, note="made up")
    assert evaluation.to_dict() | {"systems": [], "lists": [], "cohorts": None} == {
        "protocol": {
            "protocol": "time",
            "cut": "1970-05-11T00:00:00+00:00",
            "end": "1970-05-16T00:00:00+00:00",
            "test_days": 5.0,
            "k": 10,
            "n_users": 24,
            "n_users_eligible": 24,
            "n_users_without_history": 0,
            "n_relevant": 24,
            "relevant_repeat_share": 0.0,
        },
        "systems": [],
        "comparison": [],
        "choices": {},
        "note": "made up",
        "candidates": None,
        "lists": [],
        "cohorts": None,
    }


def test_means_are_those_computed_by_hand(tested: Any) -> None:
    """A list of items 0 to 9 holds the item of ten users of 24, each at the place of its number."""
    evaluation = evaluate([InOrder("two_stage")], "two_stage", tested, CUT, END, ks=(10, 1))
    assert _means(evaluation, "overall", "recall@10")["two_stage"] == pytest.approx(10 / 24, abs=1e-6)
    assert _means(evaluation, "overall", "precision@10")["two_stage"] == pytest.approx(1 / 24, abs=1e-6)
    assert _means(evaluation, "overall", "precision@1")["two_stage"] == pytest.approx(1 / 24, abs=1e-6)
    gain = sum(1 / np.log2(rank + 1) for rank in range(1, 11))
    assert _means(evaluation, "overall", "ndcg@10")["two_stage"] == pytest.approx(gain / 24, abs=1e-6)


def test_reference_meets_the_best_baseline_and_not_its_own_stage(tested: Any) -> None:
    """Of the systems called baselines the best by NDCG is compared; a better one that is our own stage is not."""
    lengths = {"worse": 3, "weak": 6, "worst": 2, "two_stage": 12, "retrieval": 24}
    systems = [InOrder(name, 0, n_items) for name, n_items in lengths.items()]
    evaluation = evaluate(
        systems, "two_stage", tested, CUT, END, ks=(24, 3), baselines=("weak", "worse", "worst", "absent")
    )
    means = _means(evaluation, "overall", "ndcg@24")
    assert means["worst"] < means["worse"] < means["weak"] < means["two_stage"] < means["retrieval"]
    comparison = {one.segment: one for one in evaluation.comparisons}
    assert set(comparison) == {"overall", "novel"}
    assert (comparison["overall"].baseline, comparison["overall"].metric) == ("weak", "ndcg@24")
    assert comparison["overall"].result.difference == pytest.approx(means["two_stage"] - means["weak"], abs=2e-6)


def test_figures_depend_on_nothing_but_the_seed(tested: Any) -> None:
    """The same seed gives the same report, and one more system changes no other's figures."""
    pair = [InOrder("two_stage", 3), InOrder("popularity")]
    first = evaluate(pair, "two_stage", tested, CUT, END, rng=4).to_dict()
    again = evaluate(pair, "two_stage", tested, CUT, END, rng=4).to_dict()
    more = evaluate([*pair, InOrder("other", 7)], "two_stage", tested, CUT, END, rng=4).to_dict()
    assert first == again
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    assert first["comparison"] == more["comparison"]
    assert first["systems"] == [row for row in more["systems"] if row["name"] != "other"]


def test_choices_of_systems_and_of_the_caller_are_reported(tested: Any) -> None:
    """What baselines chose is there without being asked for, and what the caller adds stands beside it."""
    systems = [*fit_baselines(tested.before(CUT), CUT, END - CUT), InOrder("two_stage")]
    evaluation = evaluate(systems, "two_stage", tested, CUT, END, choices={"two_stage": {"trees": 300}})
    assert evaluation.choices["two_stage"] == {"trees": 300}
    assert evaluation.choices["personal_frequency"]["half_life_days"] in {7, 21, 60, 120, 365}
    assert {comparison.baseline for comparison in evaluation.comparisons} <= set(BASELINES)


def test_users_can_be_drawn(tested: Any) -> None:
    """With a bound on users so many are tested, and the report says from how many."""
    protocol = evaluate([InOrder("two_stage")], "two_stage", tested, CUT, END, max_users=5).to_dict()["protocol"]
    assert (protocol["n_users"], protocol["n_users_eligible"], protocol["n_relevant"]) == (5, 24, 5)


def test_what_cannot_be_evaluated_is_refused(tested: Any) -> None:
    """Equal names, an unknown reference and no cut-off are the caller's bugs; a window without users is the data's."""
    systems = [InOrder("two_stage"), InOrder("popularity")]
    with pytest.raises(ValueError, match="a name of its own"):
        evaluate([*systems, InOrder("popularity")], "two_stage", tested, CUT, END)
    with pytest.raises(ValueError, match="'one_stage' is not among"):
        evaluate(systems, "one_stage", tested, CUT, END)
    with pytest.raises(ValueError, match="at least one cut-off"):
        evaluate(systems, "two_stage", tested, CUT, END, ks=())
    with pytest.raises(DataError, match=r"between 1970-05-16.*longer test window"):
        evaluate(systems, "two_stage", tested, END, END + 1)
