"""The outcomes of a home: its exposures joined with its events."""

from datetime import datetime, timedelta
from typing import Final

import pandas as pd

from data.catalog import categories_of, read_items, read_users
from data.integrity import without_flagged
from data.log.exposures import read_exposures
from data.people import People, pseudonym, read_people, root
from data.store import read_events
from experiments.outcomes import category_distances, outcomes_of
from pipelines.settings import Config
from shortlist.columns import (
    COST,
    EVENT_DTYPES,
    EVENT_TYPE,
    ITEM_ID,
    PRICE,
    QUANTITY,
    RECOMMENDATION_ID,
    USER_ID,
    EventType,
)
from shortlist.errors import DataError
from shortlist.home import Home

MOMENT: Final = timedelta(microseconds=1)


def read_outcomes(home: Home, config: Config, since: datetime, until: datetime) -> pd.DataFrame:
    """The lists that were served in ``[since, until)`` with what became of them, as `outcomes_of` gives them.

    Ids that were merged are one user. Events that no person makes (`data.integrity`) do not count. Events count that
    are in the event store: `shortlist drain` brings in the rest. ``diversity`` says how different the items of a list
    are (see `category_distances`).
    """
    people = read_people(home)
    exposures = read_exposures(home, since, until)
    roots = {pseudonym(people.secret, one): root(people.targets, one) for one in people.targets}
    named = exposures["user"].map({key: pseudonym(people.secret, one) for key, one in roots.items()})
    users = exposures["user"].astype("str")
    exposures = exposures.assign(user=named.astype("str").fillna(users))
    hours = config.outcomes.attribution_hours
    events = _no_events() if exposures.empty else _events(home, people, since, until + timedelta(hours=hours))
    events = without_flagged(events, config.integrity)
    catalog = read_items(home)
    items = catalog.dropna(subset=[COST])
    costs = dict(zip(items[ITEM_ID], items[COST], strict=True))
    found = outcomes_of(exposures, events, costs, hours)
    distances = category_distances(exposures, categories_of(catalog))
    return found.assign(diversity=found[RECOMMENDATION_ID].map(distances).astype("float64"))


def _no_events() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in EVENT_DTYPES.items()})


def _events(home: Home, people: People, since: datetime, until: datetime) -> pd.DataFrame:
    """The events of a span, under pseudonyms."""
    events = read_events(home, since=since, until=until + MOMENT, may_be_none=True)
    named = {user: pseudonym(people.secret, user) for user in events[USER_ID].unique()}
    return events.assign(**{USER_ID: events[USER_ID].map(named).astype("str")})


def revenue_before(home: Home, moment: datetime, span: timedelta) -> dict[str, float]:
    """What each user bought for in the time before a moment, by pseudonym."""
    people = read_people(home)
    columns = [USER_ID, EVENT_TYPE, PRICE, QUANTITY]
    events = read_events(home, since=moment - span, until=moment, columns=columns, may_be_none=True)
    bought = events[events[EVENT_TYPE] == str(EventType.PURCHASE)]
    revenue = (bought[PRICE].fillna(0.0) * bought[QUANTITY].fillna(1.0)).groupby(bought[USER_ID]).sum()
    return {pseudonym(people.secret, str(user)): float(value) for user, value in revenue.items()}


BOUGHT_BEFORE: Final = "bought_before"


def segments_of(home: Home, users: pd.DataFrame, column: str) -> dict[str, str]:
    """Which part each user of an experiment is in, by pseudonym.

    Parameters
    ----------
    users : DataFrame
        As `experiments.readout.users_of` gives them.
    column : str
        ``bought_before``: whether the user had bought in the four weeks before; otherwise a column of the users' table.

    Raises
    ------
    DataError
        When the users' table has no such column.
    """
    if column == BOUGHT_BEFORE:
        return {
            str(user): "bought before" if spent > 0 else "had not bought" for user, spent in users["before"].items()
        }
    table, secret = read_users(home), read_people(home).secret
    if column not in table or column == USER_ID:
        known = ", ".join([BOUGHT_BEFORE, *(str(name) for name in table.columns if name != USER_ID)])
        raise DataError(f"{column}: no column of the users' table. --segment takes one of {known}.")
    named = table.dropna(subset=[column])
    return {
        pseudonym(secret, user): f"{column} {value}" for user, value in zip(named[USER_ID], named[column], strict=True)
    }
