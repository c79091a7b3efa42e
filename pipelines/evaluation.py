"""Training on the past only, and measuring on the days after it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd

from data.catalog import read_items
from data.interactions import SECONDS_PER_DAY, to_seconds
from data.splits import LabelWindow, last_days
from data.store import read_events
from offline_eval.baselines import fit_baselines
from offline_eval.evaluation import Evaluation, evaluate
from offline_eval.stages import TWO_STAGE, own_stages
from pipelines.settings import Config
from pipelines.training import build_shop, fit_recommender
from shortlist.columns import TIMESTAMP
from shortlist.errors import DataError
from shortlist.home import Home
from shortlist.progress import Reporter


def evaluate_home(
    home: Home,
    config: Config,
    reporter: Reporter,
    *,
    test_days: float = 14,
    cut: datetime | None = None,
    ks: Sequence[int] = (10,),
    note: str | None = None,
) -> Evaluation:
    """Evaluate what `train` would have made at the cut, with baselines beside it.

    The past is read as it was known at the cut: a later cancel does not reach back into it.

    Parameters
    ----------
    test_days : float
        The last so many calendar days (UTC) are tested, unless `cut` is given.
    cut : datetime, optional
        The start of a test window of `test_days` days. With a time zone.
    ks : sequence of int
        Cut-offs, the one to compare at first.
    note : str, optional
        What readers must know of the data.

    Raises
    ------
    DataError
        When there are no events, or none before the window.
    """
    reporter.step("reading the events")
    everything = read_events(home)
    window = _window(everything, test_days, cut)
    start = datetime.fromtimestamp(window.start, UTC)
    past = read_events(home, until=start)
    shop = build_shop(pd.concat([past, everything[everything[TIMESTAMP] >= start]]), read_items(home), config)
    known = shop.interactions.before(window.start)
    reporter.step(f"training on the {len(known):,} interactions before {start:%Y-%m-%d %H:%M} UTC")
    trained = fit_recommender(shop.at(known), window.start, config, reporter)
    reporter.step("baselines, their settings chosen on the past")
    seconds = window.end - window.start
    baselines = fit_baselines(known, window.start, seconds, config.seed, reporter, k=ks[0])
    reporter.step("lists for the test users")
    return evaluate(
        [*own_stages(trained.recommender.two_stage), *baselines],
        TWO_STAGE,
        shop.interactions,
        window.start,
        window.end,
        ks=ks,
        choices={TWO_STAGE: trained.choices},
        note=note,
        rng=config.seed,
        reporter=reporter,
    )


def _window(events: pd.DataFrame, test_days: float, cut: datetime | None) -> LabelWindow:
    seconds = to_seconds(events[TIMESTAMP])
    if cut is None:
        return last_days(seconds, test_days)
    start = int(cut.timestamp())
    if not seconds.min() < start <= seconds.max():
        raise DataError(f"The cut {cut.isoformat()} does not lie within the events. Choose another: --cut.")
    window = LabelWindow(start, start + round(test_days * SECONDS_PER_DAY))
    if window.end > last_days(seconds, 0).end:
        raise DataError(
            f"{test_days:g} days from the cut {cut.isoformat()} reach past the last event. Test on fewer: --test-days."
        )
    return window
