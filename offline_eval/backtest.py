"""Several evaluations side by side: how figures move from cut to cut, and what of that another seed moves, too."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from offline_eval.significance import DECIMALS


@dataclass(frozen=True, slots=True)
class Run:
    """One evaluation: its cut (ISO 8601), its seed, its users, and each system's mean NDCG over all items.

    Attributes
    ----------
    verdict : int
        1 where the reference was better than the best baseline beyond chance, -1 where it was worse, else 0.
    """

    cut: str
    seed: int
    n_users: int
    ndcg: dict[str, float]
    verdict: int

    @classmethod
    def of(cls, report: Mapping[str, Any], seed: int) -> Self:
        """From an evaluation's JSON."""
        protocol = report["protocol"]
        metric = f"ndcg@{protocol['k']}"
        overall = [one for one in report["systems"] if one["segment"] == "overall"]
        ndcg = {one["name"]: one["metrics"][metric]["mean"] for one in overall}
        compared = [one for one in report["comparison"] if one["segment"] == "overall"]
        return cls(protocol["cut"], seed, protocol["n_users"], ndcg, sum(_verdict(one) for one in compared))


@dataclass(frozen=True, slots=True)
class SystemSummary:
    """One system over all cuts.

    Attributes
    ----------
    mean, least, most : float
        Over the cuts, of the first seed.
    between_cuts : float or None
        Standard deviation from cut to cut, None of one.
    between_seeds : float or None
        Standard deviation from seed to seed on one cut, as the root of the mean variance; None without further seeds.
    """

    name: str
    mean: float
    least: float
    most: float
    between_cuts: float | None
    between_seeds: float | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """All runs, the newest cut first, at one cut-off `k`."""

    k: int
    runs: tuple[Run, ...]

    def summary(self) -> list[SystemSummary]:
        """Each system over all cuts, the best first."""
        found = [self._of(name) for name in self.runs[0].ndcg]
        return sorted(found, key=lambda one: -one.mean)

    def wins(self) -> tuple[int, int, int]:
        """On how many cuts the reference was better than the best baseline, no different, and worse."""
        verdicts = [run.verdict for run in self._first_seed()]
        return verdicts.count(1), verdicts.count(0), verdicts.count(-1)

    def to_dict(self) -> dict[str, Any]:
        """JSON-like data."""
        better, same, worse = self.wins()
        return {
            "k": self.k,
            "against_best_baseline": {"better": better, "no_difference": same, "worse": worse},
            "systems": [_summary_dict(one) for one in self.summary()],
            "runs": [
                {"cut": run.cut, "seed": run.seed, "n_users": run.n_users, "verdict": run.verdict, "ndcg": run.ndcg}
                for run in self.runs
            ],
        }

    def _of(self, name: str) -> SystemSummary:
        values = [run.ndcg[name] for run in self._first_seed()]
        return SystemSummary(
            name, float(np.mean(values)), min(values), max(values), _deviation([values]), _deviation(self._seeds(name))
        )

    def _first_seed(self) -> list[Run]:
        return [run for run in self.runs if run.seed == self.runs[0].seed]

    def _seeds(self, name: str) -> Iterable[list[float]]:
        """The values of the seeds of each cut."""
        by_cut: dict[str, list[float]] = defaultdict(list)
        for run in self.runs:
            by_cut[run.cut].append(run.ndcg[name])
        return by_cut.values()


def _deviation(groups: Iterable[list[float]]) -> float | None:
    """``sqrt(mean of the groups' variances)``, of those with several values."""
    variances = [np.var(values, ddof=1) for values in groups if len(values) > 1]
    return float(np.sqrt(np.mean(variances))) if variances else None


def _verdict(comparison: Mapping[str, Any]) -> int:
    return int(comparison["low"] > 0) - int(comparison["high"] < 0)


def _summary_dict(one: SystemSummary) -> dict[str, Any]:
    figures = {"mean": one.mean, "least": one.least, "most": one.most}
    spread = {"between_cuts": one.between_cuts, "between_seeds": one.between_seeds}
    rounded = {name: None if value is None else round(value, DECIMALS) for name, value in (figures | spread).items()}
    return {"name": one.name, **rounded}
