"""From new events to a better model that serves: import, judge, train, publish; each step recorded, none done twice."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from data.arrays.table_files import tables_of_work
from data.catalog import read_items
from data.events import Reading
from offline_eval.baselines import fit_baselines
from offline_eval.gate import judge, measure
from offline_eval.stages import own_stages
from pipelines.draining import drain
from pipelines.evaluation import TEST_DAYS, make_exam
from pipelines.exams import Exam
from pipelines.needs import RETRAINING
from pipelines.publishing import publish
from pipelines.replay import replayed
from pipelines.settings import Config
from pipelines.shops import ShopData, read_shop
from pipelines.training import Trained, fit_recommender, train
from pipelines.watching import import_new
from ranking.compiling import keep_compiled
from shortlist.atomic import locked, replace_file
from shortlist.choices import Choices
from shortlist.config import dump_model
from shortlist.errors import DataError, GateRefused, StoreUnavailable
from shortlist.hashing import content_sha256
from shortlist.home import Home
from shortlist.manifest import Verdict
from shortlist.progress import Reporter
from shortlist.registry import Registry

State = Literal["running", "published", "refused", "failed"]
SERVING: Final = "serving"


class Retraining(BaseModel):
    """One retraining: how far it came, and what came of it.

    Attributes
    ----------
    inputs_sha256 : str
        Of the events and the settings: a run goes on where another of the same inputs was broken off.
    imported : tuple of str
        The files that it brought in.
    choices : Choices or None
        What the judged recipe's search chose; the final training takes the same.
    version : str or None
        The bundle that it made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    started_at: AwareDatetime
    state: State = "running"
    imported: tuple[str, ...] = ()
    inputs_sha256: str = ""
    verdict: Verdict | None = None
    choices: Choices | None = None
    version: str | None = None
    reason: str = ""


def retrain(
    home: Home,
    config: Config,
    reporter: Reporter,
    *,
    watched: Path | None = None,
    given: Reading | None = None,
    test_days: float = TEST_DAYS,
    is_forced: bool = False,
) -> Retraining:
    """Bring in what is new, judge the recipe on the last days, train it on everything, and publish it if it may serve.

    Parameters
    ----------
    watched : Path, optional
        A folder of exports; nothing is imported without it.
    given : Reading, optional
        How its files are to be read.

    Raises
    ------
    GateRefused
        When the new recipe is worse than what serves; the bundle is there, and does not serve.
    DataError
        When there is nothing to train on, or a watched file cannot be taken.
    StoreUnavailable
        When another retraining is running, or disk or memory cannot be enough.
    """
    with _alone(home):
        run = Retraining(started_at=datetime.now(UTC))
        try:
            imported = import_new(home, watched, given or Reading(), config.data, reporter)
            drain(home, config.data, reporter)
            with tables_of_work(home):
                run = _resumed(home, run.model_copy(update={"imported": imported}), config, reporter)
                if run.verdict is None:
                    run = _kept(home, _judged(home, run, config, test_days, reporter))
                if run.version is None:
                    run = _kept(home, _trained(home, run, config, reporter))
            return _published(home, run, is_forced=is_forced)
        except (DataError, StoreUnavailable) as error:
            _kept(home, run.model_copy(update={"state": "failed", "reason": str(error)}))
            raise


def read_retrainings(home: Home) -> list[Retraining]:
    """The records of a home, the oldest first; one that cannot be read is passed over."""
    found = []
    for path in sorted(home.retrains.glob("*.json")):
        with contextlib.suppress(OSError, ValidationError):
            found.append(Retraining.model_validate_json(path.read_bytes()))
    return found


@contextlib.contextmanager
def _alone(home: Home) -> Iterator[None]:
    home.retrains.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(home.retrains, waits=False))
        except BlockingIOError as error:
            raise StoreUnavailable(f"{home.root}: another retraining is running. Wait for it to end.") from error
        yield


def _kept(home: Home, run: Retraining) -> Retraining:
    path = home.retrains / f"{run.started_at:%Y%m%dT%H%M%S%f}.json"
    replace_file(path, orjson.dumps(run.model_dump(mode="json", by_alias=True), option=orjson.OPT_INDENT_2))
    return run


def _resumed(home: Home, run: Retraining, config: Config, reporter: Reporter) -> Retraining:
    """The run, with what an earlier one of the same events and settings found before it was broken off."""
    settings = {name: part for name, part in dump_model(config).items() if name != "serving"}
    _, facts = read_shop(home, read_items(home), config, reporter, work=RETRAINING)
    inputs = content_sha256([facts.fingerprint, settings, Registry(home).current()])
    run = run.model_copy(update={"inputs_sha256": inputs})
    for earlier in reversed(read_retrainings(home)):
        if earlier.inputs_sha256 == inputs and earlier.state in {"running", "failed"} and earlier.verdict is not None:
            version = earlier.version if earlier.version and Registry(home).folder(earlier.version).is_dir() else None
            return run.model_copy(update={"verdict": earlier.verdict, "choices": earlier.choices, "version": version})
    return run


def _judged(home: Home, run: Retraining, config: Config, test_days: float, reporter: Reporter) -> Retraining:
    """Train the recipe, and the serving one, on all but the last days, and compare them there."""
    keep_compiled(home)
    try:
        exam, shop = make_exam(home, config, reporter, "time", test_days, None, RETRAINING)
    except DataError as error:
        return run.model_copy(update={"verdict": Verdict(verdict="not_judged", reasons=(str(error),))})
    if not len(exam.test_set):
        reason = f"Nobody has a past and a target event in the last {test_days:g} days."
        return run.model_copy(update={"verdict": Verdict(verdict="not_judged", reasons=(reason,))})
    reporter.step(f"the new recipe, trained on {len(exam.past):,} interactions")
    trained = fit_recommender(shop.as_known(exam.past), exam.as_of, config, reporter)
    verdict = _compared(home, trained, shop, exam, config, reporter)
    reporter.step(" ".join([f"verdict: {verdict.verdict}.", *verdict.reasons]))
    return run.model_copy(update={"verdict": verdict, "choices": trained.choices})


def _compared(home: Home, trained: Trained, shop: ShopData, exam: Exam, config: Config, reporter: Reporter) -> Verdict:
    """The verdict on a recipe that was trained on the past of an exam."""
    past, tests = exam.past, exam.test_set
    new = measure(own_stages(trained.recommender)[0], past, tests, reporter)
    version, serving = Registry(home).current(), None
    if version is not None:
        reporter.step("the serving recipe, trained on the same")
        recommender = fit_recommender(shop.as_known(past), exam.as_of, _recipe(home), reporter).recommender
        serving = measure(replace(own_stages(recommender)[0], name=SERVING), past, tests, reporter)
    reporter.step("baselines")
    seconds = max(tests.end - tests.cut, 1)
    windows = exam.windows(config.ranking.held_out_share, config.seed)
    baselines = fit_baselines(past, exam.as_of, seconds, config.seed, reporter, windows=windows)
    rivals = [measure(baseline, past, tests, reporter) for baseline in baselines]
    verdict = judge(new, serving, rivals, float(tests.is_repeat.mean()), config.seed)
    judged, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (tests.cut, tests.end))
    return verdict.model_copy(update={"judged": judged, "end": end, "against": version})


def _recipe(home: Home) -> Config:
    """What the serving bundle was made with, its choices taken instead of searched."""
    manifest = Registry(home).open("current").manifest
    return replayed(Config.model_validate(manifest.config), manifest.choices)


def _trained(home: Home, run: Retraining, config: Config, reporter: Reporter) -> Retraining:
    reporter.step("the same recipe, trained on everything")
    recipe = config if run.choices is None else replayed(config, run.choices)
    manifest = train(home, recipe, reporter, verdict=run.verdict or Verdict())
    return run.model_copy(update={"version": manifest.version})


def _published(home: Home, run: Retraining, *, is_forced: bool) -> Retraining:
    try:
        publish(home, str(run.version), is_forced=is_forced)
    except GateRefused as error:
        _kept(home, run.model_copy(update={"state": "refused", "reason": str(error)}))
        raise
    return _kept(home, run.model_copy(update={"state": "published"}))
