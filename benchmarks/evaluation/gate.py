"""How often the gate refuses a recipe that is worse on purpose, and lets an equal one through.

    python benchmarks/evaluation/gate.py --seeds 20 --out gate.jsonl

The shop is one of known answers: even users buy even items and odd users odd ones, with favourites bought again. For
each seed another such shop, a serving recipe, and against it: the same recipe with another seed; with the labels of the
ranker shuffled; with half of the log missing; without the source that finds most; without all sources but what is
popular. Rows are kept, and not made again.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

sys.path.append(str(Path(__file__).parents[2] / "tests" / "plugins"))

from shop import checkerboard_catalog, checkerboard_events, import_shop

import ranking.training
from data.interactions import Interactions
from offline_eval.gate import Measured, judge, measure
from offline_eval.stages import own_stages
from pipelines.evaluation import make_exam
from pipelines.replay import replayed
from pipelines.settings import Config
from pipelines.training import Trained, fit_recommender
from ranking.training_set import TrainingSet, build_training_set
from shortlist.home import Home
from shortlist.progress import SilentReporter

STRONGEST, EQUAL = "history", "equal"
QUIET = SilentReporter()
SETTINGS = {
    "candidate_gen": {"als": {"factors": 16, "search_seconds": 0}},
    "ranking": {
        "objective": "lambdarank",
        "n_windows": 3,
        "negatives_per_query": 20,
        "num_leaves": 15,
        "order": "ranker",
    },
}


def shuffled(*arguments: object) -> TrainingSet:
    """A training set whose labels say nothing."""
    made = build_training_set(*arguments)  # type: ignore[arg-type]
    rng, parts = np.random.default_rng(1), np.split(made.label, np.cumsum(made.group_sizes)[:-1])
    return replace(made, label=np.concatenate([rng.permutation(part) for part in parts]))


def without(config: Config, sources: Sequence[str]) -> Config:
    """The recipe with some sources switched off."""
    settings = config.candidate_gen
    for name in sources:
        settings = settings.with_limit(name, 0)
    return config.model_copy(update={"candidate_gen": settings})


def verdicts(seed: int, folder: Path) -> dict[str, dict[str, Any]]:
    """The gate's word on each recipe, in one shop."""
    home = Home(folder / "home")
    import_shop(home, checkerboard_events(seed), checkerboard_catalog())
    config = Config.model_validate(SETTINGS | {"seed": seed})
    exam, shop = make_exam(home, config, QUIET, "time", 14, None)

    def fitted(recipe: Config, past: Interactions = exam.past) -> Trained:
        return fit_recommender(shop.as_known(past), exam.as_of, recipe, QUIET)

    def measured(trained: Trained, past: Interactions = exam.past) -> Measured:
        return measure(own_stages(trained.recommender)[0], past, exam.test_set, QUIET)

    def made(recipe: Config, past: Interactions = exam.past) -> Measured:
        return measured(fitted(recipe, past), past)

    trained = fitted(config)
    other = replayed(config, trained.choices).model_copy(update={"seed": seed + 1000})
    names = [source.name for source in config.candidate_gen.sources() if source.name != "popular"]
    serving = measured(trained)
    with mock.patch.object(ranking.training, "build_training_set", shuffled):
        lost = made(other)
    kept = np.random.default_rng(seed).random(len(exam.past)) < 0.5
    recipes = {
        EQUAL: made(other),
        "shuffled labels": lost,
        "half of the log": made(other, exam.past.only(kept)),
        f"without {STRONGEST}": made(without(other, [STRONGEST])),
        "popular alone": made(without(other, names)),
    }
    wanted = float(exam.test_set.is_repeat.mean())
    found = {name: judge(one, replace(serving, name="serving"), [], wanted, seed) for name, one in recipes.items()}
    return {name: one.model_dump(mode="json") for name, one in found.items()}


def main() -> None:
    """Judge, keep, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, required=True, help="where rows are kept; what it holds is not made again")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    for seed in range(len(rows), options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(verdicts(seed, Path(folder)))
        with options.out.open("a") as out:
            out.write(json.dumps(rows[-1]) + "\n")
    for name in rows[0]:
        counts = Counter(row[name]["verdict"] for row in rows)
        print(f"{name}: {dict(counts)}")
        for number, row in enumerate(rows):
            if (row[name]["verdict"] == "passed") != (name == EQUAL):
                print(f"  seed {number}: {' '.join(row[name]['reasons']) or 'passed'}")


if __name__ == "__main__":
    main()
