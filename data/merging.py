"""Two ids that are one user: an alias in the register, applied wherever events are read."""

from contextlib import closing

import pandas as pd

from data.log.register import Register
from data.people import canonical_user, people_of, pseudonym, read_people, root
from shortlist.columns import TIMESTAMP, USER_ID
from shortlist.errors import DataError
from shortlist.home import Home


def merge_users(home: Home, target: str, source: str) -> None:
    """Let everything that is known of `source`, and will be, count for `target`.

    Raises
    ------
    DataError
        When the two are one already, the other way round.
    StoreUnavailable
        When the register cannot be written.
    """
    into, merged = canonical_user(target), canonical_user(source)
    with closing(Register(home.register)) as register:
        people = people_of(register)
        one, other = root(people.targets, into), root(people.targets, merged)
        if merged == one:
            raise DataError(f"{target} and {source} are one user already, under the id {one}. Nothing is to be done.")
        if one != other:
            register.put("merged", {pseudonym(people.secret, other): {"source": other, "into": into}})


def under_one_id(home: Home, events: pd.DataFrame) -> pd.DataFrame:
    """Events with each user's under the id that the others were merged into."""
    targets = read_people(home).targets
    if not targets:
        return events
    roots = {source: root(targets, source) for source in targets}
    users = events[USER_ID]
    merged = events.assign(**{USER_ID: users.map(roots).fillna(users).astype("str")})
    return merged.sort_values([TIMESTAMP, USER_ID], kind="stable", ignore_index=True)
