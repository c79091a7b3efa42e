"""Evaluations at several cuts, one window behind the other, each trained on what lay before its own."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from data.arrays.table_files import tables_of_work
from data.catalog import read_items
from data.splits import last_days
from offline_eval.backtest import Backtest, Run
from pipelines.evaluation import evaluate_home
from pipelines.needs import EVALUATION
from pipelines.settings import Config
from pipelines.shops import read_shop
from shortlist.atomic import replace_file
from shortlist.config import dump_model
from shortlist.errors import DataError
from shortlist.hashing import content_sha256
from shortlist.home import Home
from shortlist.progress import Reporter

RUNS_NAME: Final = "runs.json"
RESULT_NAME: Final = "backtest.json"


def backtest(
    home: Home,
    config: Config,
    reporter: Reporter,
    *,
    n_cuts: int,
    n_seeds: int,
    test_days: float,
    folder: Path,
    k: int = 10,
) -> Backtest:
    """Evaluate at `n_cuts` cuts, `test_days` apart, the newest first, and there with further seeds.

    Each run is kept in the folder, and taken from it when the same is asked for again.

    Raises
    ------
    DataError
        When nothing lies before the first of the cuts, or too few users are to be measured on.
    """
    with tables_of_work(home):
        _, facts = read_shop(home, read_items(home), config, reporter, work=EVALUATION)
        first, last = facts.moments
        newest = datetime.fromtimestamp(last_days(first, last, test_days).start, UTC)
        cuts = [newest - number * timedelta(days=test_days) for number in range(n_cuts)]
        if first >= cuts[-1].timestamp():
            first_cut = cuts[-1].date()
            raise DataError(f"Nothing lies before {first_cut}, the first of {n_cuts} cuts. Ask for fewer: --cuts.")
        kept = _Kept(folder / RUNS_NAME, content_sha256([facts.fingerprint, dump_model(config), test_days, k]))
        wanted = [(cut, seed) for cut in cuts for seed in range(n_seeds if cut == newest else 1)]
        runs = []
        for number, (cut, more) in enumerate(wanted, start=1):
            reporter.step(f"run {number} of {len(wanted)}: cut {cut.date()}, seed {config.seed + more}")
            made = config.model_copy(update={"seed": config.seed + more})
            runs.append(Run.of(kept.get(home, made, cut, test_days, k, reporter), made.seed))
    found = Backtest(k, tuple(runs))
    replace_file(folder / RESULT_NAME, json.dumps(found.to_dict(), indent=2).encode())
    return found


class _Kept:
    """Reports of runs in a file; those of other events and settings are left aside."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        stored = json.loads(path.read_bytes()) if path.is_file() else {}
        self._content: dict[str, Any] = stored if stored.get("key") == key else {"key": key, "runs": {}}

    def get(
        self, home: Home, config: Config, cut: datetime, test_days: float, k: int, reporter: Reporter
    ) -> dict[str, Any]:
        """A run's report, made now or before."""
        name = f"{cut.isoformat()} {config.seed}"
        if name not in self._content["runs"]:
            made = evaluate_home(home, config, reporter, cut=cut, test_days=test_days, ks=(k,)).to_dict()
            self._content["runs"][name] = {part: made[part] for part in ("protocol", "systems", "comparison")}
            replace_file(self._path, json.dumps(self._content).encode())
        report: dict[str, Any] = self._content["runs"][name]
        return report
