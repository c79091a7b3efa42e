"""Training on the past only, and measuring on the days after it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from data.catalog import read_items
from data.interactions import SECONDS_PER_DAY, Interactions
from data.splits import LabelWindow, last_days
from offline_eval.baselines import fit_baselines
from offline_eval.candidate_recall import candidate_recall
from offline_eval.evaluation import Evaluation, evaluate_on
from offline_eval.protocol import ProtocolName
from offline_eval.stages import TWO_STAGE, own_stages
from pipelines.exams import Exam, ProtocolChoice, choose_protocol, time_exam, untimed_exam
from pipelines.needs import EVALUATION, Work
from pipelines.settings import Config
from pipelines.shops import LogFacts, ShopData, View, read_shop
from pipelines.training import fit_recommender
from ranking.compiling import keep_compiled
from ranking.snapshots import MIN_SHARE_WITH_TIMES, share_with_times
from shortlist.errors import DataError
from shortlist.home import Home
from shortlist.progress import Reporter

TEST_DAYS: Final = 14.0

MIN_USERS: Final = 10
"""Of fewer, neither a mean nor its interval says anything."""


def evaluate_home(
    home: Home,
    config: Config,
    reporter: Reporter,
    *,
    protocol: ProtocolChoice = "auto",
    test_days: float | None = None,
    cut: datetime | None = None,
    ks: Sequence[int] = (10,),
    note: str | None = None,
) -> Evaluation:
    """Evaluate what `train` would have made at the cut, with baselines beside it.

    The past is read as it was known at the cut: a later cancel does not reach back into it.

    Parameters
    ----------
    protocol : str
        How past and relevant items are told apart; `test_days` or `cut` imply ``time``, and the log decides otherwise.
    test_days : float, optional
        The last so many calendar days (UTC) are tested, 14 when not given, unless `cut` is given.
    cut : datetime, optional
        The start of a test window of `test_days` days. With a time zone.
    ks : sequence of int
        Cut-offs, the one to compare at first.
    note : str, optional
        What readers must know of the data.

    Raises
    ------
    DataError
        When there are no events, or none before the window, or too few users to measure on.
    StoreUnavailable
        When disk or memory cannot be enough.
    """
    keep_compiled(home)
    reporter.step("reading the events")
    exam, shop = make_exam(home, config, reporter, protocol, test_days, cut)
    _require_users(exam)
    reporter.step(f"protocol {exam.test_set.protocol}: training on {len(exam.past):,} interactions")
    trained = fit_recommender(shop.as_known(exam.past), exam.as_of, config, reporter)
    reporter.step("baselines, their settings chosen on the past")
    windows = exam.windows(config.ranking.held_out_share, config.seed)
    seconds = max(exam.test_set.end - exam.test_set.cut, 1)
    baselines = fit_baselines(exam.past, exam.as_of, seconds, config.seed, reporter, k=ks[0], windows=windows)
    reporter.step("candidates and lists for the test users")
    return evaluate_on(
        [*own_stages(trained.recommender), *baselines],
        TWO_STAGE,
        exam.past,
        exam.test_set,
        ks=ks,
        choices={TWO_STAGE: trained.choices.to_dict()},
        note=" ".join(filter(None, (note, shop.sample_said()))) or None,
        attributes=shop.attributes,
        candidates=candidate_recall(trained.recommender, exam.past, exam.test_set, reporter),
        rng=config.seed,
        reporter=reporter,
    )


def make_exam(
    home: Home,
    config: Config,
    reporter: Reporter,
    protocol: ProtocolChoice,
    test_days: float | None,
    cut: datetime | None,
    work: Work = EVALUATION,
) -> tuple[Exam, ShopData]:
    """Tell past and relevant items apart; also the shop that they are of: of a large log, of users drawn at random.

    By time, the past is read as it was known at the cut: a later cancel does not reach back into it.
    """
    catalog, has_strays = read_items(home), cut is not None
    shop, facts = read_shop(home, catalog, config, reporter, View(has_strays=has_strays), work)
    is_timed = test_days is not None or cut is not None
    if protocol == "auto" and is_timed:
        protocol = "time"
    if protocol in {"last", "holdout"} and is_timed:
        raise DataError(f"--protocol {protocol} tests no days: leave out --test-days and --cut, or say time.")
    if protocol == "auto":
        protocol = _fitting_protocol(shop.interactions)
    if protocol != "time":
        share = config.ranking.held_out_share
        return untimed_exam(shop.interactions, protocol, share, config.seed), shop
    window = _window(facts, TEST_DAYS if test_days is None else test_days, cut)
    shop, _ = read_shop(home, catalog, config, reporter, View(known_at=window.start, has_strays=has_strays), None)
    return time_exam(shop.interactions, window), shop


def _require_users(exam: Exam) -> None:
    """Demand enough users to measure on, before minutes are spent; none at all is the evaluation's own error."""
    n_users = len(exam.test_set)
    if 0 < n_users < MIN_USERS:
        raise DataError(
            f"{n_users} user{' has' if n_users == 1 else 's have'} both a past and something to find; fewer than "
            f"{MIN_USERS} are too few to measure on. Test on a longer window (--test-days), or import more."
        )


def _fitting_protocol(interactions: Interactions) -> ProtocolName:
    """What the log allows; a log too short for the default days is tested on each user's last event."""
    try:
        window = last_days(int(interactions.timestamp.min()), int(interactions.timestamp.max()), TEST_DAYS)
    except DataError:
        return "holdout" if share_with_times(interactions) < MIN_SHARE_WITH_TIMES else "last"
    return choose_protocol(interactions, window)


def _window(facts: LogFacts, test_days: float, cut: datetime | None) -> LabelWindow:
    first, last = facts.moments
    if cut is None:
        return last_days(first, last, test_days)
    start = int(cut.timestamp())
    if not first < start <= last:
        raise DataError(f"The cut {cut.isoformat()} does not lie within the events. Choose another: --cut.")
    window = LabelWindow(start, start + round(test_days * SECONDS_PER_DAY))
    if window.end > last_days(first, last, 0).end:
        raise DataError(
            f"{test_days:g} days from the cut {cut.isoformat()} reach past the last event. Test on fewer: --test-days."
        )
    return window
