"""The outcomes of a home: its exposures joined with its events."""

from datetime import datetime, timedelta
from typing import Final

import pandas as pd

from data.catalog import read_items
from data.log.exposures import read_exposures
from data.people import People, pseudonym, read_people, root
from data.store import has_events, read_events
from experiments.outcomes import OutcomesConfig, outcomes_of
from shortlist.columns import COST, EVENT_DTYPES, ITEM_ID, TIMESTAMP, USER_ID
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
    exposures = exposures.assign(user=named.fillna(exposures["user"]).astype("str"))
    last = until + timedelta(hours=config.attribution_hours)
    events = _no_events() if exposures.empty else _events(home, people, since, last)
    items = read_items(home).dropna(subset=[COST])
    costs = dict(zip(items[ITEM_ID], items[COST], strict=True))
    return outcomes_of(exposures, events, costs, config.attribution_hours)


def _no_events() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in EVENT_DTYPES.items()})


def _events(home: Home, people: People, since: datetime, until: datetime) -> pd.DataFrame:
    """The events of a span, under pseudonyms."""
    if not has_events(home):
        return _no_events()
    events = read_events(home, until=until + MOMENT)
    events = events[events[TIMESTAMP] >= since]
    named = {user: pseudonym(people.secret, user) for user in events[USER_ID].unique()}
    return events.assign(**{USER_ID: events[USER_ID].map(named).astype("str")})
