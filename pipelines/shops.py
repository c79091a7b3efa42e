"""A shop's events and catalogue as arrays: read user by user, so that memory does not grow with the log."""

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from data.arrays.history_table import HistoryTable
from data.arrays.table_files import forget_tables, load_table, save_table
from data.arrays.writer import InteractionsWriter, Span
from data.attributes import ItemAttributes
from data.catalog_arrays import build_attributes
from data.integrity import Habits, IntegrityConfig, flagged, habits_of_log
from data.interactions import Interactions
from data.inventory import inventory_or_adopted
from data.log.fingerprint import EventsDigest
from data.log.scan import SortedLog, Survey, sorted_log
from data.people import read_people
from data.store import has_events, no_events
from pipelines.lineage import catalog_fingerprint
from pipelines.needs import TRAINING, Work, require
from pipelines.settings import Config
from pipelines.strays import log_without_strays
from shortlist.atomic import replace_file, staged_folder
from shortlist.columns import ITEM_ID, TIMESTAMP, USER_ID
from shortlist.config import dump_model
from shortlist.errors import DataError
from shortlist.hashing import content_sha256
from shortlist.home import Home
from shortlist.progress import Reporter

FACTS_FILE: Final = "facts.json"
TABLE_FORMAT: Final = 1
"""Changes whenever the same events give another table."""


@dataclass(frozen=True, slots=True)
class ShopData:
    """A shop's events and catalogue as arrays; `target` is the event type that lists are made to bring about.

    Attributes
    ----------
    table : HistoryTable
        All users' histories: what lists are made from.
    interactions : Interactions
        What models are fitted on: all of it, or of a large log that of users drawn at random.
    """

    table: HistoryTable
    interactions: Interactions
    attributes: ItemAttributes
    target: str

    def sampled(self) -> dict[str, int]:
        """On how many users and events models are fitted, where not on all; empty otherwise."""
        if len(self.interactions) == len(self.table):
            return {}
        return {"sampled_users": len(self.interactions.users), "sampled_events": len(self.interactions)}

    def sample_said(self) -> str | None:
        """The same in words."""
        if not (sampled := self.sampled()):
            return None
        return "Of the {:,} events, those of {:,} users drawn at random take part: {:,}.".format(
            len(self.table), *sampled.values()
        )

    def as_known(self, past: Interactions) -> "ShopData":
        """The same shop at a moment of the past, over the same users and items.

        Nothing is discontinued then: the catalogue says what is today.
        """
        nothing = np.zeros_like(self.attributes.discontinued)
        known = replace(self.attributes, discontinued=nothing)
        return replace(self, table=HistoryTable.of(past), interactions=past, attributes=known)


@dataclass(frozen=True, slots=True)
class View:
    """Which events of a log are read, and as they were known when.

    Attributes
    ----------
    until : datetime or None
        Events before it; with a time zone.
    known_at : int or None
        What lies before this moment (seconds) is as it was known then: later cancels do not reach back into it.
    has_strays : bool
        Whether events that lie far behind all others take part.
    """

    until: datetime | None = None
    known_at: int | None = None
    has_strays: bool = False


WHOLE: Final = View()


class LogFacts(BaseModel):
    """What was found in reading a log.

    Attributes
    ----------
    start, end : datetime
        The first event, and the moment that lists are made for.
    n_events : int
        All of them, before those that no person makes are left out.
    n_flagged, n_flagged_users : int
        Events that no person makes, and who made them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: datetime
    end: datetime
    n_events: int
    fingerprint: str
    target: str
    n_flagged: int = 0
    n_flagged_users: int = 0

    @property
    def moments(self) -> tuple[int, int]:
        """When the first and the last event were, in seconds, of a log that was read to its end."""
        return int(self.start.timestamp()), int(self.end.timestamp()) - 1


def read_shop(
    home: Home,
    catalog: pd.DataFrame,
    config: Config,
    reporter: Reporter,
    view: View = WHOLE,
    work: Work | None = TRAINING,
) -> tuple[ShopData, LogFacts]:
    """Turn the stored events into arrays, without those that no person makes.

    `work` is what they are read for; None where it was asked before whether there is room for it.

    The arrays lie in the home until `forget_tables`; work that was broken off finds them there.

    Raises
    ------
    DataError
        When there are no events, or none of a type of positive weight.
    StoreUnavailable
        When disk or memory cannot be enough.
    """
    if not has_events(home):
        raise no_events(home, view.until)
    folder = _folder(home, catalog, config, view)
    if not (folder / FACTS_FILE).is_file():
        forget_tables(home, but_of=folder.name.partition("-")[0])
        try:
            _stage_table(home, folder, catalog, config, reporter, view, work)
        except OSError:
            if not (folder / FACTS_FILE).is_file():  # where it is, another command has written it meanwhile
                raise
    facts = LogFacts.model_validate_json((folder / FACTS_FILE).read_bytes())
    if facts.n_flagged:
        reporter.step(
            f"{facts.n_flagged:,} views and clicks of {facts.n_flagged_users:,} accounts are more than persons make "
            "and are left out ([integrity]); `shortlist flagged` names them"
        )
    return _shop(load_table(folder), catalog, facts.target, config), facts


def _stage_table(
    home: Home, folder: Path, catalog: pd.DataFrame, config: Config, reporter: Reporter, view: View, work: Work | None
) -> None:
    """Sort the events and write their arrays to a folder, which is there whole or not at all."""
    with staged_folder(folder) as staged, sorted_log(home, view.until, config.training.sort_memory_mb) as stored:
        survey = stored.survey()
        if not survey.n_events:
            raise no_events(home, view.until)
        if work is not None:
            require(home.root, work.need(survey.n_events, config), work.name, reporter)
        log = stored if view.has_strays else log_without_strays(stored, survey, reporter)
        facts = _write_table(log, view, survey, staged, catalog, config, reporter)
        replace_file(staged / FACTS_FILE, facts.model_dump_json().encode())


def _folder(home: Home, catalog: pd.DataFrame, config: Config, view: View) -> Path:
    """Where the table of some events lies: named by all that it depends on, first the log and then the view."""
    people = read_people(home)
    settings = [dump_model(config.event_weights), dump_model(config.integrity)]
    facts = [
        TABLE_FORMAT,
        content_sha256(inventory_or_adopted(home).model_dump(mode="json")),
        sorted(people.targets.items()),
        catalog_fingerprint(catalog),
        settings,
    ]
    seen = [None if view.until is None else view.until.isoformat(), view.known_at, view.has_strays]
    return home.tables / f"{content_sha256(facts)[:24]}-{content_sha256(seen)[:8]}"


def _write_table(
    log: SortedLog,
    view: View,
    survey: Survey,
    folder: Path,
    catalog: pd.DataFrame,
    config: Config,
    reporter: Reporter,
) -> LogFacts:
    """Read the events user by user and write their arrays, a batch at a time."""
    log = log if view.known_at is None else log.as_known(view.known_at)
    target, weights = config.event_weights.relative_to_target(survey.types)
    span = Span(int(survey.first.timestamp()), int(survey.last.timestamp()))
    reading = _Reading(config.integrity, habits_of_log(log, config.integrity))
    batches = reporter.track(log.batches(), survey.n_events, "events, user by user", len)
    with closing(InteractionsWriter(weights, target, span, folder)) as writer:
        for events in batches:
            writer.append(reading.kept(events))
        table = writer.finish(catalog[ITEM_ID])
    if not len(table):
        raise DataError("No event has a type of positive weight. Import views, purchases or the like.")
    save_table(folder, table)
    return reading.facts(view.until, target)


class _Reading:
    """What is noted of the events that go by."""

    def __init__(self, config: IntegrityConfig, habits: Habits) -> None:
        self._config, self._habits = config, habits
        self._digest = EventsDigest()
        self._n_events = self._n_flagged = self._n_flagged_users = 0
        self._moments: list[pd.Timestamp] = []

    def kept(self, events: pd.DataFrame) -> pd.DataFrame:
        """The events of whole users that count."""
        if not len(events):
            return events
        self._digest.update(events)
        self._n_events += len(events)
        self._moments += [events[TIMESTAMP].min(), events[TIMESTAMP].max()]
        is_flagged = (flagged(events, self._config, self._habits) != "").to_numpy()
        self._n_flagged += int(is_flagged.sum())
        self._n_flagged_users += events.loc[is_flagged, USER_ID].nunique()
        return events[~is_flagged] if is_flagged.any() else events

    def facts(self, until: datetime | None, target: str) -> LogFacts:
        """All that was noted; lists are made for `until`, or for the second after the last event."""
        after = int(max(self._moments).timestamp()) + 1
        return LogFacts(
            start=min(self._moments).to_pydatetime(),
            end=datetime.fromtimestamp(after, UTC) if until is None else until.astimezone(UTC),
            n_events=self._n_events,
            fingerprint=self._digest.hexdigest(),
            target=target,
            n_flagged=self._n_flagged,
            n_flagged_users=self._n_flagged_users,
        )


def _shop(table: HistoryTable, catalog: pd.DataFrame, target: str, config: Config) -> ShopData:
    users = drawn_users(table, config.training.max_events, config.seed)
    return ShopData(table, table.interactions(users), build_attributes(catalog, table.items), target)


def drawn_users(table: HistoryTable, max_events: int, rng: int) -> npt.NDArray[np.int64] | None:
    """Users drawn at random, ascending, whose events together are at most `max_events`; None where all are."""
    if len(table) <= max_events:
        return None
    order = np.random.default_rng(rng).permutation(len(table.users))
    fits = np.cumsum(np.diff(table.user_offsets)[order]) <= max_events
    return np.sort(order[fits])
