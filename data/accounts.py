"""Accounts with more events than a customer could have: resellers, robots, a till that books all under one number."""

from typing import Final

import pandas as pd

MIN_EVENTS: Final = 500
TIMES_A_BUSY_CUSTOMER: Final = 10
_BUSY: Final = 0.99
_MOST_NAMED: Final = 5


def superhuman_accounts(user_ids: pd.Series) -> pd.Series:
    """The events of accounts with many times as many as a busy customer: int, by user id, the most first.

    A busy customer has more events than 99 of 100.
    """
    counts = user_ids.value_counts()
    if counts.empty:
        return counts
    return counts[counts >= max(MIN_EVENTS, TIMES_A_BUSY_CUSTOMER * float(counts.quantile(_BUSY, "lower")))]


def account_warnings(user_ids: pd.Series) -> list[str]:
    """What to tell the owner of the data."""
    found = superhuman_accounts(user_ids)
    if found.empty:
        return []
    named = ", ".join(f"{user_id} {count:,}" for user_id, count in found.iloc[:_MOST_NAMED].items())
    return [
        f"events: {len(found):,} of {user_ids.nunique():,} users have {int(found.sum()):,} of {len(user_ids):,} events "
        f"({named}), far more than others do. If these are no customers, data.excluded_users leaves them out."
    ]
