"""The newest day of a home beside what its model was trained on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd

from data.catalog import categories_of, read_items
from data.integrity import IntegrityConfig, flagged
from data.inventory import day_files
from data.log.exposures import exposure_days
from data.store import read_events
from monitoring.comparison import COUNT, SHARE, compare_catalogue, compare_days, compare_events, compare_samples
from monitoring.daily import complete_days, daily_figures
from monitoring.drift import Change
from monitoring.profiles import Profile, has_profile, load_profile
from monitoring.reports import Report, write_report
from monitoring.rules import Measured, judge
from pipelines.demo_home import is_demo
from pipelines.monitored_lists import compare_lists
from pipelines.served_lists import ListsOfDay, lists_of_day
from pipelines.settings import Config
from ranking.bundling import load_recommender
from ranking.recommender import Recommender
from shortlist.bundle import Bundle
from shortlist.columns import ITEM_ID, TIMESTAMP
from shortlist.errors import BundleError, DataError
from shortlist.home import Home
from shortlist.manifest import Manifest
from shortlist.progress import Reporter
from shortlist.registry import Registry

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
EARLY: Final = timedelta(hours=4)
"""A newest day that ends so much earlier than all of the week before has not ended: the log has."""


@dataclass(frozen=True, slots=True)
class MonitoredDay:
    """Everything that a day is looked at with.

    Attributes
    ----------
    events : DataFrame
        Of the day.
    before : DataFrame
        From the end of what the bundle knows, or a day earlier, to the day.
    is_new : bool
        Whether the bundle was trained without the day: only then do its lists of the day say anything.
    """

    start: datetime
    events: pd.DataFrame
    before: pd.DataFrame
    catalog: pd.DataFrame
    profile: Profile
    recommender: Recommender
    is_new: bool


def monitor(home: Home, config: Config, reporter: Reporter, day: date | None = None) -> Report:
    """Compare one day with what the model of then was trained on, and keep what was found in the home.

    Parameters
    ----------
    day : date, optional
        The newest that is over without it.

    Raises
    ------
    DataError
        When there are no events of the day.
    BundleError
        When no bundle holds a profile.
    """
    chosen = day or _newest_day(home)
    start = datetime(chosen.year, chosen.month, chosen.day, tzinfo=UTC)
    bundle = _bundle(home, start)
    reporter.step(f"{chosen} beside what {bundle.version} was trained on")
    looked_at = _read(home, bundle, start)
    lists = lists_of_day(home, looked_at.recommender, looked_at.events, looked_at.before, start, config.seed)
    figures = _figures(looked_at)
    silent = [] if day else _silence(home, chosen)
    findings = judge([*silent, *_compared(looked_at, figures, lists, config.integrity)], config.monitoring)
    report = Report(
        day=chosen,
        written_at=datetime.now(UTC),
        version=bundle.version,
        n_events=len(looked_at.events),
        n_served=lists.n_served,
        figures={str(name): _number(value) for name, value in figures.iloc[-1].items()},
        findings=tuple(findings),
        notes=tuple(_notes(looked_at, lists)),
    )
    write_report(home, report)
    return report


def _compared(
    looked_at: MonitoredDay, figures: pd.DataFrame, lists: ListsOfDay, config: IntegrityConfig
) -> Iterator[Measured]:
    profile, recommender = looked_at.profile, looked_at.recommender
    categories = categories_of(looked_at.catalog)
    ids = recommender.table.items.externals(np.arange(len(recommender.table.items)))
    prices = pd.Series(recommender.two_stage.context.stats.price, index=ids, dtype="float64")
    yield _compared_flags(looked_at.events, config)
    yield from compare_days(figures)
    yield from compare_events(profile, looked_at.events, categories, prices)
    yield from compare_catalogue(profile, looked_at.catalog, categories, _categories_then(recommender, ids))
    if looked_at.is_new:
        yield from compare_samples(profile, lists.samples())
    yield from compare_lists(profile, recommender, lists, is_new=looked_at.is_new)


def _compared_flags(events: pd.DataFrame, config: IntegrityConfig) -> Measured:
    share = float((flagged(events, config) != "").mean())
    return Measured("flagged", "events that no person makes", Change(share, 0.0, share, np.nan), SHARE)


def _newest_day(home: Home) -> date:
    """The last day with an event that is over, and does not end where the log does in its middle."""
    today, stored = datetime.now(UTC).date(), list(day_files(home))
    over = [day for day in stored if day < today]
    if not over:
        raise DataError(f"{home.root}: no day with events is over. Bring events in, or wait until tomorrow.")
    newest = max(over)
    is_broken_off = newest == max(stored) and len(over) > 1 and _ends_early(home, newest)
    return sorted(over)[-2] if is_broken_off else newest


def _ends_early(home: Home, day: date) -> bool:
    """Whether a day's last event comes hours before those of the days before."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moments = read_events(home, since=start - WEEK, columns=[TIMESTAMP])[TIMESTAMP]
    last = (moments - moments.dt.floor("D")).groupby(moments.dt.date).max()
    return bool(last.pop(day) < last.min() - EARLY) if len(last) > 1 else False


def _silence(home: Home, newest: date) -> list[Measured]:
    """Days that are over, on which lists were served and nothing came in; of a demonstration that says nothing."""
    if is_demo(home):
        return []
    today = datetime.now(UTC).date()
    n_days = float(sum(newest < day < today for day in exposure_days(home)))
    return [
        Measured("silence", "days with lists and without an event since", Change(n_days, 0.0, n_days, np.nan), COUNT)
    ]


def _bundle(home: Home, start: datetime) -> Bundle:
    """The newest bundle with a profile that ends before a moment; otherwise the one that serves."""
    registry = Registry(home)
    earlier = [one for one in registry.versions() if one.data.end <= start and "profile.txt" in one.files]
    if earlier:
        return registry.open(max(earlier, key=_age).version)
    bundle = registry.open("current")
    if not has_profile(bundle):
        raise BundleError(f"{bundle.folder}: holds no profile. Train again with this release.")
    return bundle


def _age(manifest: Manifest) -> tuple[datetime, datetime]:
    return manifest.data.end, manifest.created_at


def _read(home: Home, bundle: Bundle, start: datetime) -> MonitoredDay:
    end = bundle.manifest.data.end
    since = min(end.replace(hour=0, minute=0, second=0, microsecond=0), start - DAY)
    events = read_events(home, since=since, until=start + DAY, may_be_none=True)
    is_of_day = events[TIMESTAMP] >= start
    if not is_of_day.any():
        raise DataError(f"{home.root}: no event on {start:%Y-%m-%d}. Name a day with --day, or bring events in.")
    catalog, recommender = read_items(home), load_recommender(bundle)
    profile = load_profile(bundle)
    is_new = end <= start
    return MonitoredDay(start, events[is_of_day], events[~is_of_day], catalog, profile, recommender, is_new)


def _figures(looked_at: MonitoredDay) -> pd.DataFrame:
    """The figures of all days up to the day: those of the profile, then of what came since."""
    events = pd.concat([looked_at.before, looked_at.events], ignore_index=True)
    after = pd.Timestamp(looked_at.start + DAY).tz_convert(None)
    own = complete_days(daily_figures(events, set(looked_at.catalog[ITEM_ID])), after)
    known = looked_at.profile.figures
    start = pd.Timestamp(looked_at.start).tz_convert(None)
    known = known[(known.index < start) & ~known.index.isin(own.index)]
    return pd.concat([known, own]).sort_index()


def _categories_then(recommender: Recommender, ids: list[str]) -> pd.Series:
    """Each item's category as the bundle knows it."""
    attributes = recommender.attributes
    names = np.array([*attributes.categories.externals(np.arange(len(attributes.categories))), ""], dtype=object)
    return pd.Series(names[attributes.category], index=ids, dtype="str")


def _notes(looked_at: MonitoredDay, lists: ListsOfDay) -> Iterator[str]:
    if not looked_at.is_new:
        yield "Every bundle was trained on the day: features, scores and hits were not compared."
    if not lists.n_served:
        yield "No lists of the day were noted: those looked at were made anew, as of the day's start."


def _number(value: object) -> float | None:
    return None if pd.isna(value) else float(value)  # type: ignore[arg-type, call-overload]
