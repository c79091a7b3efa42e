"""The lists of a day: those that were served, or made anew as of its start where few were noted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.arrays.histories import merged
from data.arrays.writer import build_interactions
from data.interactions import History
from data.log.exposures import read_exposures
from data.people import pseudonym, read_people
from monitoring.profiles import Lists, ListSample, Sample
from pipelines.list_samples import LIST_LENGTH, MIN_USERS, MOST_USERS, sample_lists
from ranking.recommender import Recommender
from ranking.scenarios import HOME
from shortlist.columns import EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID
from shortlist.home import Home
from shortlist.ids import MISSING

MOST_SERVED: Final = 20_000
"""Served lists that are looked at, evenly over the day."""


@dataclass(frozen=True, slots=True)
class ListsOfDay:
    """What customers were shown, or would have been.

    Attributes
    ----------
    made : ListSample
        Made anew for some users who came, as of the start of the day.
    lists : ndarray of int32, shape (n, 10)
        Those that were served where there are enough, else those made.
    n_hits, n_users : int
        Of users who took something on the day after they had a list: with an item of it, and all.
    n_served : int
        0 where those made are looked at.
    """

    made: ListSample
    lists: Lists
    n_hits: int
    n_users: int
    n_served: int

    def samples(self) -> dict[str, Sample]:
        """Values under the names of a profile."""
        return {"score": self.made.scores} | {f"feature {name}": one for name, one in self.made.features.items()}


def lists_of_day(
    home: Home, recommender: Recommender, events: pd.DataFrame, before: pd.DataFrame, start: datetime, rng: int
) -> ListsOfDay:
    """Find the served lists of a day, and make some anew.

    Parameters
    ----------
    events, before : DataFrame
        Canonical, of the day and from the bundle's end to the day.
    """
    wanted = events[events[EVENT_TYPE] == recommender.target]
    made = _made(recommender, wanted, before, start, rng)
    served = _served(home, start)
    if len(served) < MIN_USERS:
        return ListsOfDay(made, made.lists, int(made.is_hit.sum()), len(made), 0)
    n_hits, n_users = _hits(home, served, wanted)
    return ListsOfDay(made, _positions(served, recommender), n_hits, n_users, len(served))


def _made(
    recommender: Recommender, wanted: pd.DataFrame, before: pd.DataFrame, start: datetime, rng: int
) -> ListSample:
    users = np.sort(wanted[USER_ID].unique())
    drawn = np.sort(np.random.default_rng(rng).permutation(users)[: 2 * MOST_USERS])
    newer = _histories(recommender, before[before[USER_ID].isin(drawn)], int(start.timestamp()))
    taken = wanted.groupby(USER_ID)[ITEM_ID].unique()
    histories: list[History] = []
    items = []
    for user in drawn:
        parts = [one for one in (_stored(recommender, user, start), newer.get(user)) if one is not None]
        if parts and len(histories) < MOST_USERS:
            histories.append(merged(parts))
            items.append(recommender.table.items.positions(list(taken[user])))
    return sample_lists(recommender.ranked, recommender.two_stage.context, histories, items)


def _stored(recommender: Recommender, user: str, start: datetime) -> History | None:
    """What the bundle knows of a user before a moment; None of one whom it does not know."""
    known = recommender.stored.of(user)
    if known is None or not len(known):
        return None
    moment = int(start.timestamp())
    rows = known.timestamp < moment
    return History(**known.columns(rows), as_of=moment)


def _histories(recommender: Recommender, events: pd.DataFrame, moment: int) -> dict[str, History]:
    """Histories of what came after the bundle's end, over the bundle's items."""
    events = events[events[TIMESTAMP] >= pd.Timestamp(recommender.as_of, unit="s", tz="UTC")]
    events = events[events[EVENT_TYPE].map(recommender.weights).fillna(0.0) > 0]
    if events.empty:
        return {}
    own = build_interactions(events, dict(recommender.weights), recommender.target)
    place = recommender.table.items.positions(own.items.externals(np.arange(len(own.items))))
    found = {}
    for user_idx in range(len(own.users)):
        columns = own.history(user_idx, moment).columns()
        columns["item_idx"] = place[columns["item_idx"]]
        known = columns["item_idx"] != MISSING
        if known.any():
            part = {name: column[known] for name, column in columns.items()}
            found[own.users.external(user_idx)] = History(**part, as_of=moment)
    return found


def _served(home: Home, start: datetime) -> pd.DataFrame:
    """The first pages of users' own lists on a day."""
    rows = read_exposures(home, start, start + timedelta(days=1))
    is_own = rows["user"].notna() & (rows["scenario"] == HOME) & (rows["first_rank"] == 1)
    own = rows[is_own & (rows["item_ids"].map(len) > 0)]
    n = min(len(own), MOST_SERVED)
    return own.iloc[np.linspace(0, max(len(own) - 1, 0), n).astype(np.int64)]


def _hits(home: Home, served: pd.DataFrame, wanted: pd.DataFrame) -> tuple[int, int]:
    """Users who took something after a list of theirs: those with an item of it, and all."""
    secret = read_people(home).secret
    named = {user: pseudonym(secret, str(user)) for user in wanted[USER_ID].unique()}
    taken = pd.DataFrame({"user": wanted[USER_ID].map(named), "item": wanted[ITEM_ID], "at": wanted[TIMESTAMP]})
    first = served.groupby("user")["shown_at"].min().rename("first")
    after = taken.merge(first, left_on="user", right_index=True)
    after = after[after["at"] > after["first"]]
    cut = served.assign(item=served["item_ids"].map(lambda ids: list(ids[:LIST_LENGTH])))
    shown = cut[["user", "shown_at", "item"]].explode("item").astype({"item": "str"})
    pairs = after.merge(shown, on=["user", "item"])
    return int(pairs.loc[pairs["at"] > pairs["shown_at"], "user"].nunique()), int(after["user"].nunique())


def _positions(served: pd.DataFrame, recommender: Recommender) -> Lists:
    lists = np.full((len(served), LIST_LENGTH), MISSING, dtype=np.int32)
    for row, ids in zip(lists, served["item_ids"], strict=True):
        found: npt.NDArray[np.int32] = recommender.table.items.positions(list(ids[:LIST_LENGTH]))
        row[: len(found)] = found
    return lists
