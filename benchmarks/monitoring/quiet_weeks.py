"""Quiet weeks and injected faults, monitored day by day: how many false alerts there are, and whether faults are found.

    python benchmarks/monitoring/quiet_weeks.py HOME --first 2017-09-04 --weeks 10 --config quick.toml

HOME holds a log. On each Monday a model is trained on what came before (unless the copy in --work has it already), and
each day of the week is compared with it, all rules on. Then the faults are put into the last week, each in a copy.
"""

import argparse
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from data.catalog import read_items
from data.checking import Sources
from data.events import Reading
from data.importing import import_tables
from data.settings import DataConfig
from data.sources import RawTable
from data.store import read_events
from monitoring.reports import Report
from pipelines.monitoring import monitor
from pipelines.settings import Config, read_config
from pipelines.training import train
from shortlist.columns import CATEGORY, EVENT_TYPE, ITEM_ID, PRICE, TIMESTAMP, USER_ID
from shortlist.home import Home
from shortlist.progress import ConsoleReporter, SilentReporter
from shortlist.registry import Registry

WEEK: Final = timedelta(days=7)
BOT_VIEWS: Final = 10_000
QUIET: Final = SilentReporter()
Tables = tuple[pd.DataFrame, pd.DataFrame]


def in_cents(week: pd.DataFrame, items: pd.DataFrame) -> Tables:
    """Prices a hundred times what they are."""
    return week.assign(**{PRICE: week[PRICE] * 100}), items


def a_tenth_missing(week: pd.DataFrame, items: pd.DataFrame) -> Tables:
    """A tenth of all rows lost, at random."""
    return week[np.random.default_rng(1).random(len(week)) >= 0.1], items


def the_evenings_missing(week: pd.DataFrame, items: pd.DataFrame) -> Tables:
    """The last tenth of each day's rows lost."""
    place = week.groupby(week[TIMESTAMP].dt.date).cumcount()
    size = week.groupby(week[TIMESTAMP].dt.date)[TIMESTAMP].transform("size")
    return week[place < 0.9 * size], items


def category_renamed(week: pd.DataFrame, items: pd.DataFrame) -> Tables:
    """The tenth largest category under another name."""
    name = items[CATEGORY].value_counts().index[9]
    return week, items.assign(**{CATEGORY: items[CATEGORY].replace(name, f"{name} (new)")})


def one_item(week: pd.DataFrame, items: pd.DataFrame) -> Tables:
    """Half of all events with one item."""
    is_other = np.random.default_rng(1).random(len(week)) < 0.5
    return week.assign(**{ITEM_ID: week[ITEM_ID].where(is_other, week[ITEM_ID].iloc[0])}), items


def a_bot(week: pd.DataFrame, items: pd.DataFrame) -> Tables:
    """Ten thousand views of one customer on the last day."""
    last = week.iloc[-1]
    seconds = pd.to_timedelta(np.arange(BOT_VIEWS), unit="s")
    start = last[TIMESTAMP].floor("D")
    views = pd.DataFrame({TIMESTAMP: start + seconds, USER_ID: last[USER_ID], EVENT_TYPE: "view"})
    views[ITEM_ID] = np.resize(items[ITEM_ID].to_numpy(), BOT_VIEWS)
    return pd.concat([week, views], ignore_index=True), items


FAULTS: Final[tuple[Callable[[pd.DataFrame, pd.DataFrame], Tables], ...]] = (
    in_cents,
    a_tenth_missing,
    the_evenings_missing,
    category_renamed,
    one_item,
    a_bot,
)


def trained(home: Home, mondays: list[date], config: Config) -> None:
    """Make the models that are not there."""
    ends = {one.data.end.date() for one in Registry(home).versions()}
    for monday in mondays:
        if monday not in ends:
            train(home, config, ConsoleReporter(), until=datetime.combine(monday, datetime.min.time(), UTC))


def said(report: Report) -> str:
    """What is not fine, by rule."""
    return "; ".join(f"{one.status} {one.rule}: {one.sentence}" for one in report.not_fine()) or "-"


def quiet(home: Home, mondays: list[date], config: Config) -> Iterator[Report]:
    """The report of each day."""
    for monday in mondays:
        for number in range(7):
            report = monitor(home, config, QUIET, monday + timedelta(days=number))
            print(f"{report.day} {report.status:5} {said(report)}", flush=True)
            yield report


def table(name: str, rows: pd.DataFrame) -> RawTable:
    """Rows as a file would hold them."""
    return RawTable(name, rows.reset_index(drop=True), pd.Series(np.arange(1, len(rows) + 1)))


def put(home: Home, events: pd.DataFrame, items: pd.DataFrame) -> None:
    """Import events and a catalogue."""
    sources = Sources(events=[table("events", events)], items=[table("items", items)])
    import_tables(home, sources, Reading("shortlist"), DataConfig(), now=datetime.now(UTC))


def faults(home: Home, work: Path, monday: date, config: Config) -> None:
    """Put each fault into a week of a copy, and compare its last day."""
    start = datetime.combine(monday, datetime.min.time(), UTC)
    before = Home(work / "before")
    columns = [USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, PRICE, "quantity", "session_id"]
    events = read_events(home, until=start + WEEK, columns=columns)
    items = read_items(home).drop(columns="discontinued")
    shutil.rmtree(before.root, ignore_errors=True)
    put(before, events[(events[TIMESTAMP] < start) & (events[TIMESTAMP] >= start - 2 * WEEK)], items)
    (version,) = [one.version for one in Registry(home).versions() if one.data.end == start]
    shutil.copytree(home.bundles / version, before.bundles / version)
    Registry(before).enrol(version)
    for fault in FAULTS:
        copy = Home(Path(shutil.copytree(before.root, work / fault.__name__, dirs_exist_ok=False)))
        put(copy, *fault(events[events[TIMESTAMP] >= start], items))
        report = monitor(copy, config, QUIET, monday + timedelta(days=6))
        print(f"{fault.__name__:22} {report.status:5} {said(report)}", flush=True)
        shutil.rmtree(copy.root)


def main() -> None:
    """Read the options, and print a line a day."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--first", type=date.fromisoformat, required=True, help="the first Monday")
    parser.add_argument("--weeks", type=int, default=10)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--work", type=Path, default=Path("var-quiet"))
    options = parser.parse_args()
    home, config = Home(options.home), read_config(options.config)
    mondays = [options.first + WEEK * number for number in range(options.weeks)]
    trained(home, mondays, config)
    reports = list(quiet(home, mondays, config))
    counts = {status: sum(one.status == status for one in reports) for status in ("ok", "warn", "alert")}
    print(f"{len(reports)} quiet days: {counts}")
    faults(home, options.work, mondays[-1], config)
    shutil.rmtree(options.work)


if __name__ == "__main__":
    main()
