"""Events that no person makes: robots, and clicks that somebody has made for money. They count for nothing."""

from typing import Final

import numpy as np
import pandas as pd
from pydantic import Field

from shortlist.columns import EVENT_TYPE, ITEM_ID, SESSION_ID, TIMESTAMP, USER_ID, EventType
from shortlist.config import ConfigModel

LOOKS: Final = (str(EventType.VIEW), str(EventType.CLICK))
"""What costs nothing to make: purchases of one moment are a basket, and impressions of one a page."""

MIN_SHARE_WITH_CLOCK: Final = 0.5
"""Of the users with several looks on a day, so many must have several moments, or times are dates alone."""

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


def flagged(events: pd.DataFrame, config: IntegrityConfig) -> pd.Series:
    """By which rule each event is left out.

    All views and clicks of a user's day are, if any of them break a rule; of a session, if it names many users.

    Returns
    -------
    Series of str, labelled as `events`
        ``looks_per_second``, ``looks_per_hour``, ``looks_at_item`` or ``users_per_session``; empty where none.
    """
    found = pd.Series("", index=events.index, dtype="str")
    looks = events[events[EVENT_TYPE].isin(LOOKS)]
    if looks.empty:
        return found
    second = looks[TIMESTAMP].dt.floor("s")
    day = second.dt.floor("D")
    rules = {"looks_at_item": (_most(looks, [day, looks[ITEM_ID]]), config.max_looks_at_item)}
    if _has_clock(looks, second, day):
        rules["looks_per_hour"] = (_most(looks, [second.dt.floor("h")]), config.max_looks_per_hour)
        rules["looks_per_second"] = (_most(looks, [second]), config.max_looks_per_second)
    for name, (counts, limit) in rules.items():
        if limit:
            of_day = counts.groupby([looks[USER_ID], day]).transform("max")
            found[of_day.index[of_day > limit]] = name
    sessions = _users_of_sessions(looks)
    if config.max_users_per_session:
        found[sessions.index[sessions > config.max_users_per_session]] = "users_per_session"
    return found


def without_flagged(events: pd.DataFrame, config: IntegrityConfig) -> pd.DataFrame:
    """The events that count."""
    is_flagged = (flagged(events, config) != "").to_numpy()
    return events[~is_flagged] if is_flagged.any() else events


def flagged_accounts(events: pd.DataFrame, config: IntegrityConfig) -> pd.DataFrame:
    """Who made the events that are left out, the most first: ``user_id``, ``rule``, ``events``, ``first``, ``last``."""
    rule = flagged(events, config).rename("rule")
    named = events.assign(rule=rule)[(rule != "").to_numpy()]
    times = named.groupby([USER_ID, "rule"])[TIMESTAMP]
    accounts = pd.DataFrame({"events": times.size(), "first": times.min(), "last": times.max()}).reset_index()
    return accounts.sort_values("events", ascending=False, kind="stable", ignore_index=True)


def _most(looks: pd.DataFrame, keys: list[pd.Series]) -> pd.Series:
    """How many looks a user has of the same keys as each look."""
    return looks.groupby([looks[USER_ID], *keys])[USER_ID].transform("size")


def _has_clock(looks: pd.DataFrame, second: pd.Series, day: pd.Series) -> bool:
    """Whether times are moments, and not dates alone."""
    moments = second.groupby([looks[USER_ID], day]).agg(["size", "nunique"])
    several = moments[moments["size"] > 1]
    return bool(len(several) and np.mean(several["nunique"] > 1) >= MIN_SHARE_WITH_CLOCK)


def _users_of_sessions(looks: pd.DataFrame) -> pd.Series:
    """How many users the session of each look names; nothing where sessions are not users' own."""
    if SESSION_ID not in looks:
        return pd.Series(dtype="int64")
    named = looks[looks[SESSION_ID].notna()]
    n_users = named.groupby(SESSION_ID)[USER_ID].nunique()
    if n_users.empty or np.mean(n_users == 1) < MIN_SHARE_OF_OWN_SESSIONS:
        return pd.Series(dtype="int64")
    return named[SESSION_ID].map(n_users)
