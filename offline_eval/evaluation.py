"""Every system on the same users: means with intervals, and whether ours beats the best of the others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from data.attributes import ItemAttributes
from data.interactions import SECONDS_PER_DAY, Interactions
from offline_eval.baselines import BASELINES
from offline_eval.candidate_recall import CandidateRecall
from offline_eval.cohorts import Cohorts, make_cohorts
from offline_eval.list_figures import KnownShop, ListFigures, list_figures
from offline_eval.metrics import metric_columns
from offline_eval.protocol import SEGMENTS, Segment, TestSet, build_test_set
from offline_eval.significance import (
    DECIMALS,
    Estimate,
    PairedComparison,
    bootstrap_intervals,
    paired_comparison,
    rounded,
)
from offline_eval.systems import System, TunedSystem, user_lists
from shortlist.errors import DataError
from shortlist.progress import Reporter, SilentReporter

Columns = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class SystemResult:
    """What one system reached in one segment.

    Attributes
    ----------
    metrics : dict of str to Estimate
        Under names such as ``ndcg@10``; empty when the segment has no users.
    n_users : int
        Users with a relevant item of the segment.
    """

    name: str
    segment: Segment
    metrics: dict[str, Estimate]
    n_users: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The reference system against the baseline that did best in a segment, on the same users."""

    segment: Segment
    reference: str
    baseline: str
    metric: str
    result: PairedComparison


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that a report says.

    Attributes
    ----------
    k : int
        The cut-off that reports show and systems are compared at.
    test_set : TestSet
    systems : tuple of SystemResult
        By segment, and within one in the order given.
    comparisons : tuple of Comparison
        One for each segment that has more than one user, when there is a baseline.
    choices : dict
        What was chosen for each system.
    note : str, optional
        What readers must know, such as where the data come from.
    lists : tuple of ListFigures
        What each system's lists of `k` are like beyond their hits.
    cohorts : Cohorts, optional
        The same lists by kind of user and of item.
    candidates : CandidateRecall, optional
        What the reference's ranker had to choose from.
    """

    k: int
    test_set: TestSet
    systems: tuple[SystemResult, ...]
    comparisons: tuple[Comparison, ...]
    choices: dict[str, Any]
    note: str | None
    lists: tuple[ListFigures, ...] = ()
    cohorts: Cohorts | None = None
    candidates: CandidateRecall | None = None

    @property
    def reference(self) -> str:
        """The system that was compared; the first where nothing was."""
        return next((one.reference for one in self.comparisons), self.systems[0].name)

    def to_dict(self) -> dict[str, Any]:
        """JSON-like data with stable keys; numbers rounded to six decimals, times in ISO 8601, UTC."""
        return {
            "protocol": self._protocol(),
            "systems": [_system_dict(result) for result in self.systems],
            "comparison": [_comparison_dict(comparison) for comparison in self.comparisons],
            "choices": self.choices,
            "note": self.note,
            "lists": [one.to_dict() for one in self.lists],
            "cohorts": None if self.cohorts is None else self.cohorts.to_dict(),
            "candidates": None if self.candidates is None else self.candidates.to_dict(),
        }

    def _protocol(self) -> dict[str, Any]:
        tests = self.test_set
        return {
            "protocol": tests.protocol,
            "cut": iso_time(tests.cut),
            "end": iso_time(tests.end),
            "test_days": round((tests.end - tests.cut) / SECONDS_PER_DAY, DECIMALS),
            "k": self.k,
            "n_users": len(tests),
            "n_users_eligible": tests.n_users_eligible,
            "n_users_without_history": tests.n_users_without_history,
            "n_relevant": len(tests.item_idx),
            "relevant_repeat_share": round(float(tests.is_repeat.mean()), DECIMALS),
        }


def evaluate(
    systems: Sequence[System],
    reference: str,
    interactions: Interactions,
    cut: int,
    end: int,
    *,
    ks: Sequence[int] = (10,),
    baselines: Collection[str] = BASELINES,
    choices: Mapping[str, Any] | None = None,
    note: str | None = None,
    max_users: int | None = None,
    rng: int | np.random.Generator = 0,
    reporter: Reporter | None = None,
) -> Evaluation:
    """Score systems on a test window, and compare one of them with the best baseline in each segment.

    Lists are made once, to the largest of `ks`. Costs a list for each user, system and segment.

    Parameters
    ----------
    systems : sequence of System
        None of them may have seen anything at or after `cut`.
    reference : str
        The name of the system to compare with the best baseline (by NDCG at the first of `ks`).
    interactions : Interactions
        The past and the test window.
    cut, end : int
        The window ``[cut, end)``, in seconds.
    ks : sequence of int
        Cut-offs; the first is the one that reports show and systems are compared at.
    baselines : collection of str
        Names of the systems to compare the reference with; those not given are passed over.
    choices : mapping, optional
        What was chosen for systems that do not say so themselves, by name.
    note : str, optional
        What readers must know.
    max_users : int, optional
        Test at most so many users, drawn at random; all without it.

    Raises
    ------
    ValueError
        When names repeat, `reference` is not among them, `ks` is empty, or a system breaks its contract.
    DataError
        When no user has both a past and a relevant item.
    """
    return evaluate_on(
        systems,
        reference,
        interactions.before(cut),
        build_test_set(interactions, cut, end),
        ks=ks,
        baselines=baselines,
        choices=choices,
        note=note,
        max_users=max_users,
        rng=rng,
        reporter=reporter,
    )


def evaluate_on(
    systems: Sequence[System],
    reference: str,
    past: Interactions,
    test_set: TestSet,
    *,
    ks: Sequence[int] = (10,),
    baselines: Collection[str] = BASELINES,
    choices: Mapping[str, Any] | None = None,
    note: str | None = None,
    candidates: CandidateRecall | None = None,
    attributes: ItemAttributes | None = None,
    max_users: int | None = None,
    rng: int | np.random.Generator = 0,
    reporter: Reporter | None = None,
) -> Evaluation:
    """Score systems on a test set made by any protocol; otherwise as `evaluate`.

    Parameters
    ----------
    past : Interactions
        What was known, and what lists are made of, as of ``test_set.cut``.
    candidates : CandidateRecall, optional
        For the report.
    attributes : ItemAttributes, optional
        For figures by category.
    """
    _check_names([system.name for system in systems], reference, ks)
    reporter = reporter or SilentReporter()
    generator = np.random.default_rng(rng)
    if not len(test_set):
        raise DataError(_nobody(test_set))
    test_set = test_set.drawn(len(test_set) if max_users is None else max_users, generator)
    lists = {system.name: user_lists(system, past, test_set, max(ks), reporter=reporter) for system in systems}
    results: list[SystemResult] = []
    comparisons: list[Comparison] = []
    for segment in SEGMENTS:
        n_relevant = test_set.n_relevant(segment)
        counted = n_relevant > 0
        columns = {
            name: metric_columns(of_system.hits[segment][counted], n_relevant[counted], dict.fromkeys(ks))
            for name, of_system in lists.items()
        }
        results += _results(columns, segment, int(counted.sum()), generator)
        if counted.sum() > 1:  # one user has no spread
            comparisons += _comparisons(columns, segment, reference, baselines, f"ndcg@{ks[0]}", generator)
    shop = KnownShop.of(past, test_set)
    return Evaluation(
        k=ks[0],
        test_set=test_set,
        systems=tuple(results),
        comparisons=tuple(comparisons),
        choices=_choices(systems, choices or {}),
        note=note,
        lists=tuple(list_figures(name, one.items[:, : ks[0]], shop, generator) for name, one in lists.items()),
        cohorts=make_cohorts(lists, ks[0], past, test_set, attributes, generator),
        candidates=candidates,
    )


def iso_time(seconds: int) -> str:
    """A moment as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _results(
    columns: dict[str, Columns], segment: Segment, n_users: int, generator: np.random.Generator
) -> list[SystemResult]:
    """One result for each system; all intervals from the same draws of users."""
    if not n_users:
        return [SystemResult(name, segment, {}, 0) for name in columns]
    values = np.column_stack([column for of_system in columns.values() for column in of_system.values()])
    estimates = zip(values.mean(axis=0), *bootstrap_intervals(values, generator), strict=True)
    return [
        SystemResult(name, segment, {metric: Estimate(*map(float, next(estimates))) for metric in of_system}, n_users)
        for name, of_system in columns.items()
    ]


def _comparisons(
    columns: dict[str, Columns],
    segment: Segment,
    reference: str,
    baselines: Collection[str],
    metric: str,
    generator: np.random.Generator,
) -> list[Comparison]:
    """The reference against the best baseline, or nothing when there is none."""
    rivals = [name for name in columns if name in baselines and name != reference]
    if not rivals:
        return []
    best = max(rivals, key=lambda name: columns[name][metric].mean())
    result = paired_comparison(columns[reference][metric], columns[best][metric], generator)
    return [Comparison(segment, reference, best, metric, result)]


def _choices(systems: Sequence[System], given: Mapping[str, Any]) -> dict[str, Any]:
    """What systems say was chosen for them, and what the caller says."""
    own = {system.name: dict(system.choices) for system in systems if isinstance(system, TunedSystem)}
    return own | dict(given)


def _check_names(names: Sequence[str], reference: str, ks: Sequence[int]) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"every system needs a name of its own: {', '.join(names)}")
    if reference not in names:
        raise ValueError(f"the reference {reference!r} is not among the systems: {', '.join(names)}")
    if not ks:
        raise ValueError("an evaluation needs at least one cut-off k")


def _nobody(test_set: TestSet) -> str:
    if test_set.protocol != "time":
        return "nothing to evaluate: no user has a target event and another event beside it."
    return (
        f"nothing to evaluate between {iso_time(test_set.cut)} and {iso_time(test_set.end)}: no user has a target "
        f"event in that window and an event before it ({test_set.n_users_without_history:,} have only the former). "
        "Use data that reach further back, or a longer test window."
    )


def _system_dict(result: SystemResult) -> dict[str, Any]:
    metrics = {name: rounded(asdict(estimate)) for name, estimate in result.metrics.items()}
    return {"name": result.name, "segment": result.segment, "metrics": metrics, "n_users": result.n_users}


def _comparison_dict(comparison: Comparison) -> dict[str, Any]:
    return {
        "segment": comparison.segment,
        "reference": comparison.reference,
        "baseline": comparison.baseline,
        "metric": comparison.metric,
        **rounded(asdict(comparison.result)),
    }
