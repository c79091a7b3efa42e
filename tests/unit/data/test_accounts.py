"""Accounts that no customer could have."""

import pandas as pd

from data.accounts import account_warnings, superhuman_accounts


def log(**counts: int) -> pd.Series:
    """User ids of so many events each, beside a hundred customers of twenty events."""
    customers = {f"c{number}": 20 for number in range(100)}
    return pd.Series([user for user, n in {**customers, **counts}.items() for _ in range(n)], dtype="str")


def test_an_account_far_above_the_busy_is_named() -> None:
    assert superhuman_accounts(log(robot=5_000, busy=300)).to_dict() == {"robot": 5_000}
    (warning,) = account_warnings(log(robot=5_000))
    assert "1 of 101 users have 5,000 of 7,000 events (robot 5,000)" in warning
    assert "data.excluded_users" in warning


def test_busy_customers_and_small_logs_are_not() -> None:
    assert account_warnings(log(busy=450)) == []
    assert account_warnings(pd.Series([], dtype="str")) == []
    assert account_warnings(pd.Series(["u"] * 10, dtype="str")) == []
