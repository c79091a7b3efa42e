"""What each candidate source is worth: the whole, and the whole without one source, on the same users."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rich.table import Table

from candidate_gen.sources import SOURCES
from candidate_gen.sources.popular import Popular
from offline_eval.metrics import ndcg_at_k
from offline_eval.protocol import SEGMENTS, Segment
from offline_eval.significance import PairedComparison, paired_comparison
from offline_eval.stages import own_stages
from offline_eval.systems import user_lists
from pipelines.exams import Exam
from pipelines.replay import replayed
from pipelines.settings import Config
from pipelines.shops import ShopData
from pipelines.training import Trained, fit_recommender
from shortlist.atomic import replace_file
from shortlist.choices import AlsChoices, Choices
from shortlist.config import dump_model
from shortlist.errors import ConfigError
from shortlist.hashing import content_sha256
from shortlist.progress import Reporter

K: Final = 10
WHOLE: Final = ""
FILE_NAME: Final = "ablation.json"

UserScores = dict[Segment, npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Row:
    """What one training reached.

    Attributes
    ----------
    without : str
        The source that was left out; empty for the whole.
    scores : dict
        NDCG@10 of each user of each segment, float64, shape (n_users,).
    seconds : float
        What training it took.
    """

    without: str
    scores: UserScores
    seconds: float


@dataclass(frozen=True, slots=True)
class Ablation:
    """All rows, the whole first."""

    rows: tuple[Row, ...]

    def against_whole(self, row: Row, segment: Segment) -> PairedComparison:
        """What leaving the source out changes, user by user."""
        return paired_comparison(row.scores[segment], self.rows[0].scores[segment], 0)

    def to_dict(self) -> list[dict[str, Any]]:
        """JSON-like rows: the mean of each segment, and how far it is from the whole's with its 95 % interval."""
        return [self._row_dict(row) for row in self.rows]

    def _row_dict(self, row: Row) -> dict[str, Any]:
        shown: dict[str, Any] = {"without": row.without or None, "seconds": round(row.seconds, 1)}
        for segment in SEGMENTS:
            if not len(row.scores[segment]):
                continue
            shown[f"ndcg@{K}_{segment}"] = round(float(row.scores[segment].mean()), 6)
            if row.without:
                found = self.against_whole(row, segment)
                shown[f"change_{segment}"] = [round(value, 6) for value in (found.difference, found.low, found.high)]
        return shown

    def table(self) -> Table:
        """The rows for a terminal."""
        table = Table(title=f"NDCG@{K} without a source, and its change with the 95 % interval", title_justify="left")
        for column in ("without", *SEGMENTS):
            table.add_column(column)
        for shown in self.to_dict():
            table.add_row(shown["without"] or "(nothing)", *(_cell(shown, segment) for segment in SEGMENTS))
        return table


def ablate(
    shop: ShopData, exam: Exam, config: Config, sources: Sequence[str], folder: Path, reporter: Reporter
) -> Ablation:
    """Train on an exam's past with every source, then without each of some, and score the same users.

    Rows are written to a file as they come, and taken from it when the same exam and settings are asked for again. The
    weights of ALS are searched once.

    Raises
    ------
    ConfigError
        When a source is unknown, switched off already, or the one that fills lists.
    """
    names = _checked(sources, config)
    kept = _Kept(folder / FILE_NAME, _key(exam, config))
    rows: list[Row] = []
    for without in (WHOLE, *names):
        reporter.step(f"without {without}" if without else "with every source")
        row = kept.row(without)
        if row is None:
            row, settings = _trained_row(shop, exam, kept.settings(config), without, reporter)
            kept.add(row, settings)
        rows.append(row)
    return Ablation(tuple(rows))


def _checked(sources: Sequence[str], config: Config) -> list[str]:
    possible = [source.name for source in config.candidate_gen.sources() if source is not Popular]
    for name in sources:
        if name not in possible:
            raise ConfigError(f"{name!r} is no source that can be left out. There are: {', '.join(possible)}.")
    return list(sources) or possible


def _key(exam: Exam, config: Config) -> str:
    """What rows of one table share: the data, the moment and the settings."""
    tests = exam.test_set
    facts = [tests.protocol, exam.as_of, len(exam.past), len(tests), len(tests.item_idx), dump_model(config)]
    return content_sha256([*facts, [source.name for source in SOURCES]])


def _trained_row(
    shop: ShopData, exam: Exam, config: Config, without: str, reporter: Reporter
) -> tuple[Row, AlsChoices | None]:
    """One row, and the weights of ALS that it was made with."""
    settings = config.candidate_gen.with_limit(without, 0) if without else config.candidate_gen
    begin = time.monotonic()
    made = config.model_copy(update={"candidate_gen": settings})
    trained = fit_recommender(shop.as_known(exam.past), exam.as_of, made, reporter)
    seconds = time.monotonic() - begin
    return Row(without, _scores(trained, exam, reporter), seconds), trained.choices.als


def _scores(trained: Trained, exam: Exam, reporter: Reporter) -> UserScores:
    two_stage, _ = own_stages(trained.recommender)
    hits = user_lists(two_stage, exam.past, exam.test_set, K, reporter=reporter).hits
    counts = {segment: exam.test_set.n_relevant(segment) for segment in SEGMENTS}
    return {
        segment: ndcg_at_k(hits[segment][n > 0], n[n > 0], K) if (n > 0).any() else np.zeros(0)
        for segment, n in counts.items()
    }


class _Kept:
    """The rows in a file, those of other data and settings left aside."""

    def __init__(self, path: Path, key: str) -> None:
        self._path, self._key = path, key
        stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        self._content: dict[str, Any] = stored if stored.get("key") == key else {"key": key, "als": None, "rows": {}}

    def row(self, without: str) -> Row | None:
        """A row that was made before."""
        stored = self._content["rows"].get(without)
        if stored is None:
            return None
        return Row(without, {name: np.array(scores) for name, scores in stored["scores"].items()}, stored["seconds"])

    def settings(self, config: Config) -> Config:
        """The configuration, with the weights of ALS that the whole was made with."""
        return replayed(config, Choices.model_validate({"als": self._content["als"] or None}))

    def add(self, row: Row, als: AlsChoices | None) -> None:
        """Write one more row, in one step."""
        self._content["als"] = self._content["als"] or (None if als is None else als.model_dump())
        scores = {name: values.tolist() for name, values in row.scores.items()}
        self._content["rows"][row.without] = {"scores": scores, "seconds": round(row.seconds, 1)}
        replace_file(self._path, json.dumps(self._content).encode())


def _cell(shown: dict[str, Any], segment: Segment) -> str:
    return " ".join(_words(shown, segment)) or "-"


def _words(shown: dict[str, Any], segment: Segment) -> Iterator[str]:
    if f"ndcg@{K}_{segment}" in shown:
        yield f"{shown[f'ndcg@{K}_{segment}']:.4f}"
    if f"change_{segment}" in shown:
        change, low, high = shown[f"change_{segment}"]
        yield f"{change:+.4f} ({low:+.4f} to {high:+.4f})"
