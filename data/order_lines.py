"""Exports that name an order's customer and time on its first line only: its further lines get them from there."""

from dataclasses import dataclass

import pandas as pd

from shortlist.columns import EVENT_TYPE, SESSION_ID, TIMESTAMP, USER_ID


@dataclass(frozen=True, slots=True)
class OrderLines:
    """Events of a file whose further order lines are filled, and how many these are."""

    events: pd.DataFrame
    n_filled: int

    def warnings(self, table: str) -> list[str]:
        """What to tell the owner of the data."""
        if not self.n_filled:
            return []
        return [f"{table}: {self.n_filled:,} rows are further lines of an order; its first line gave them their time."]


def fill_order_lines(events: pd.DataFrame, is_blank: pd.Series) -> OrderLines:
    """Give rows without a time that of the first row of their order, and its user and event type where they lack one.

    Parameters
    ----------
    events : DataFrame, shape (n, n_canonical_columns)
        The rows of one file in its order; ``session_id`` is the order.
    is_blank : Series of bool, shape (n,)
        Rows whose time is not merely unreadable.

    Notes
    -----
    A row of another user than the first row's is no line of that order, and stays as it is.
    """
    is_first = events[TIMESTAMP].notna() & events[SESSION_ID].notna() & events[USER_ID].notna()
    firsts = events[is_first].drop_duplicates(SESSION_ID).set_index(SESSION_ID)[[TIMESTAMP, USER_ID, EVENT_TYPE]]
    lines = events[is_blank & events[SESSION_ID].isin(firsts.index)] if is_blank.any() else events[:0]
    given = firsts.reindex(lines[SESSION_ID]).set_axis(lines.index)
    lines = lines[lines[USER_ID].isna() | (lines[USER_ID] == given[USER_ID])]
    filled = events.copy() if len(lines) else events
    for column in (TIMESTAMP, USER_ID, EVENT_TYPE):
        filled.loc[lines.index, column] = lines[column].fillna(given.loc[lines.index, column])
    return OrderLines(filled, len(lines))
