"""What is said of several runs, against what can be counted by hand."""

from typing import Any

import pytest

from offline_eval.backtest import Backtest, Run


def report(cut: str, two_stage: float, low: float, high: float) -> dict[str, Any]:
    """The parts of an evaluation that count."""
    names = {"two_stage": two_stage, "popularity": 0.1}
    systems = [
        {"name": name, "segment": segment, "metrics": {"ndcg@5": {"mean": mean if segment == "overall" else 0.9}}}
        for name, mean in names.items()
        for segment in ("overall", "novel")
    ]
    comparison = [{"segment": "overall", "low": low, "high": high}, {"segment": "novel", "low": 0.5, "high": 0.6}]
    return {"protocol": {"cut": cut, "k": 5, "n_users": 40}, "systems": systems, "comparison": comparison}


@pytest.fixture
def backtest() -> Backtest:
    """Three cuts, the newest with two seeds."""
    runs = (
        Run.of(report("2026-03-01", 0.30, 0.1, 0.2), 1),
        Run.of(report("2026-03-01", 0.34, 0.1, 0.2), 2),
        Run.of(report("2026-02-01", 0.20, -0.1, 0.2), 1),
        Run.of(report("2026-01-01", 0.10, -0.2, -0.1), 1),
    )
    return Backtest(5, runs)


def test_means_and_spreads(backtest: Backtest) -> None:
    """Cuts are those of the first seed; seeds those of one cut; the best system comes first."""
    ours, popular = backtest.summary()
    assert (ours.name, popular.name) == ("two_stage", "popularity")
    assert (ours.mean, ours.least, ours.most) == (pytest.approx(0.2), 0.1, 0.3)
    assert ours.between_cuts == pytest.approx(0.1)
    assert ours.between_seeds == pytest.approx(0.04 / 2**0.5)
    assert (popular.between_cuts, popular.between_seeds) == (pytest.approx(0.0, abs=1e-12), 0.0)


def test_wins_are_beyond_chance(backtest: Backtest) -> None:
    """Once better, once no different, once worse; novel items are another matter."""
    assert backtest.wins() == (1, 1, 1)
    assert backtest.to_dict()["against_best_baseline"] == {"better": 1, "no_difference": 1, "worse": 1}


def test_one_run_has_no_spread() -> None:
    """What cannot be told is null."""
    (ours, _) = Backtest(5, (Run.of(report("2026-03-01", 0.3, 0.1, 0.2), 1),)).to_dict()["systems"]
    assert (ours["between_cuts"], ours["between_seeds"]) == (None, None)
