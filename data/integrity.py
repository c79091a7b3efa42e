"""Events that no person makes: robots, and clicks that somebody has made for money. They count for nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from pydantic import Field

from data.log.scan import SortedLog
from shortlist.columns import EVENT_TYPE, ITEM_ID, SESSION_ID, TIMESTAMP, USER_ID, EventType
from shortlist.config import ConfigModel

LOOKS: Final = (str(EventType.VIEW), str(EventType.CLICK))
"""What costs nothing to make: purchases of one moment are a basket, and impressions of one a page."""

MIN_SHARE_WITH_CLOCK: Final = 0.5
"""Of the users with several looks on a day, so many must have several moments, or times are dates alone."""

LOOKS_SAMPLED: Final = 5_000_000
"""So many views and clicks are enough to tell dates from moments."""

MIN_SHARE_OF_OWN_SESSIONS: Final = 0.99
"""So many sessions must be one user's, or their ids name something else."""


class IntegrityConfig(ConfigModel):
    """The [integrity] table: what is more than a person does. 0 switches a rule off.

    Attributes
    ----------
    max_looks_per_second, max_looks_per_hour : int
        Views and clicks of one user.
    max_looks_at_item : int
        Views and clicks of one user with one item on one day (UTC).
    max_users_per_session : int
        Users whom one session names.
    """

    max_looks_per_second: int = Field(default=50, ge=0)
    max_looks_per_hour: int = Field(default=2_000, ge=0)
    max_looks_at_item: int = Field(default=500, ge=0)
    max_users_per_session: int = Field(default=20, ge=0)


@dataclass(frozen=True, slots=True)
class Habits:
    """What must be known of a whole log before its parts can be judged.

    Attributes
    ----------
    has_clock : bool
        Whether times are moments, and not dates alone.
    crowded : collection of str
        The sessions that name more users than persons share one.
    """

    has_clock: bool
    crowded: Collection[str] = ()


def habits_of(events: pd.DataFrame, config: IntegrityConfig) -> Habits:
    """The habits of canonical events in memory."""
    looks = events[events[EVENT_TYPE].isin(LOOKS)]
    second = looks[TIMESTAMP].dt.floor("s")
    moments = second.groupby([looks[USER_ID], second.dt.floor("D")]).agg(["size", "nunique"])
    several = moments[moments["size"] > 1]["nunique"] > 1
    n_users = looks.groupby(SESSION_ID)[USER_ID].nunique() if SESSION_ID in looks else pd.Series(dtype="int64")
    crowded = n_users[n_users > config.max_users_per_session].index
    return _habits(several.mean(), (n_users == 1).mean(), crowded, config)


def habits_of_log(log: SortedLog, config: IntegrityConfig) -> Habits:
    """The habits of a stored log; whether it has a clock is judged by a sample of the users of a large one."""
    names = ", ".join(f"'{name}'" for name in LOOKS)
    looks = log.events.filter(f"event_type IN ({names})")
    one_in = max(1, int(looks.aggregate("count(*)").fetchall()[0][0]) // LOOKS_SAMPLED)
    drawn = looks.filter(f"hash(user_id) % {one_in} = 0")
    second = "epoch_us(timestamp) // 1000000"
    moments = drawn.aggregate(f"count(*) AS n, min({second}) < max({second}) AS moves", f"user_id, {second} // 86400")
    named = looks.filter("session_id IS NOT NULL")
    sessions = named.aggregate("session_id, count(DISTINCT user_id) AS n", "session_id")
    ((moving,),) = moments.filter("n > 1").aggregate("avg(moves::INT)").fetchall()
    ((own,),) = sessions.aggregate("avg((n = 1)::INT)").fetchall()
    crowded = sessions.filter(f"n > {config.max_users_per_session}").fetchall()
    return _habits(moving, own, [session for session, _ in crowded], config)


def _habits(moving: float | None, own: float | None, crowded: Iterable[str], config: IntegrityConfig) -> Habits:
    """From the share of users' days with several looks that have several moments, and that of sessions of one user."""
    has_clock = moving is not None and moving >= MIN_SHARE_WITH_CLOCK
    are_sessions = own is not None and own >= MIN_SHARE_OF_OWN_SESSIONS and config.max_users_per_session > 0
    return Habits(has_clock, frozenset(crowded) if are_sessions else frozenset())


def flagged(events: pd.DataFrame, config: IntegrityConfig, habits: Habits | None = None) -> pd.Series:
    """By which rule each event is left out.

    All views and clicks of a user's day are, if any of them break a rule; of a session, if it names many users.

    Parameters
    ----------
    events : DataFrame
        Canonical events, all of each user.
    habits : Habits, optional
        Of the log that they are a part of; those of the events themselves without it.

    Returns
    -------
    Series of str, labelled as `events`
        ``looks_per_second``, ``looks_per_hour``, ``looks_at_item`` or ``users_per_session``; empty where none.
    """
    found = pd.Series("", index=events.index, dtype="str")
    habits = habits_of(events, config) if habits is None else habits
    looks = events[events[EVENT_TYPE].isin(LOOKS)]
    busy = _busy(looks, config)
    second = busy[TIMESTAMP].dt.floor("s")
    day = second.dt.floor("D")
    rules = {"looks_at_item": (_most(busy, [day, busy[ITEM_ID]]), config.max_looks_at_item)}
    if habits.has_clock:
        rules["looks_per_hour"] = (_most(busy, [second.dt.floor("h")]), config.max_looks_per_hour)
        rules["looks_per_second"] = (_most(busy, [second]), config.max_looks_per_second)
    for name, (counts, limit) in rules.items():
        if limit:
            of_day = counts.groupby([busy[USER_ID], day]).transform("max")
            found[of_day.index[of_day > limit]] = name
    if habits.crowded:
        found[looks.index[looks[SESSION_ID].isin(habits.crowded)]] = "users_per_session"
    return found


def _busy(looks: pd.DataFrame, config: IntegrityConfig) -> pd.DataFrame:
    """The looks of the users who have enough of them to break a rule."""
    limits = (config.max_looks_at_item, config.max_looks_per_hour, config.max_looks_per_second)
    least = min((limit for limit in limits if limit), default=len(looks))
    codes = pd.factorize(looks[USER_ID])[0]
    return looks[np.bincount(codes)[codes] > least] if len(looks) else looks


def without_flagged(events: pd.DataFrame, config: IntegrityConfig, habits: Habits | None = None) -> pd.DataFrame:
    """The events that count."""
    is_flagged = (flagged(events, config, habits) != "").to_numpy()
    return events[~is_flagged] if is_flagged.any() else events


def flagged_accounts(batches: Iterable[pd.DataFrame], config: IntegrityConfig, habits: Habits) -> pd.DataFrame:
    """Who made the events that are left out, the most first: ``user_id``, ``rule``, ``events``, ``first``, ``last``.

    Parameters
    ----------
    batches : iterable of DataFrame
        Canonical events, all of a user in one of them.
    """
    accounts = pd.concat([_accounts(events, config, habits) for events in batches], ignore_index=True)
    return accounts.sort_values("events", ascending=False, kind="stable", ignore_index=True)


def _accounts(events: pd.DataFrame, config: IntegrityConfig, habits: Habits) -> pd.DataFrame:
    """The same of some users' events, user by user."""
    rule = flagged(events, config, habits).rename("rule")
    named = events.assign(rule=rule)[(rule != "").to_numpy()]
    times = named.groupby([USER_ID, "rule"])[TIMESTAMP]
    return pd.DataFrame({"events": times.size(), "first": times.min(), "last": times.max()}).reset_index()


def _most(looks: pd.DataFrame, keys: list[pd.Series]) -> pd.Series:
    """How many looks a user has of the same keys as each look."""
    return looks.groupby([looks[USER_ID], *keys])[USER_ID].transform("size")
