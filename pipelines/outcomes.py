"""The outcomes of a home: its exposures joined with its events."""

from datetime import datetime, timedelta
from typing import Final

import pandas as pd

from data.catalog import read_items
from data.log.exposures import read_exposures
from data.people import People, pseudonym, read_people, root
from data.store import read_events
from experiments.outcomes import OutcomesConfig, outcomes_of
from shortlist.columns import COST, EVENT_DTYPES, EVENT_TYPE, ITEM_ID, PRICE, QUANTITY, USER_ID, EventType
from shortlist.home import Home

MOMENT: Final = timedelta(microseconds=1)


def read_outcomes(home: Home, config: OutcomesConfig, since: datetime, until: datetime) -> pd.DataFrame:
    """The lists that were served in ``[since, until)`` with what became of them, as `outcomes_of` gives them.

    Ids that were merged are one user. Events count that are in the event store: `shortlist drain` brings in the rest.
    """
    people = read_people(home)
    exposures = read_exposures(home, since, until)
    roots = {pseudonym(people.secret, one): root(people.targets, one) for one in people.targets}
    named = exposures["user"].map({key: pseudonym(people.secret, one) for key, one in roots.items()})
    users = exposures["user"].astype("str")
    exposures = exposures.assign(user=named.astype("str").fillna(users))
    last = until + timedelta(hours=config.attribution_hours)
    events = _no_events() if exposures.empty else _events(home, people, since, last)
    items = read_items(home).dropna(subset=[COST])
    costs = dict(zip(items[ITEM_ID], items[COST], strict=True))
    return outcomes_of(exposures, events, costs, config.attribution_hours)


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
