"""Ids that name nobody: what databases, spreadsheets and shops write where there is no customer, or no item."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import pandas as pd

NULL_WORDS: Final = (
    *("null", "none", "nan", "nil", "n/a", "#n/a", "nat", "<na>", "undefined", "\\n"),
    *("(not set)", "not set", "(none)", "(null)", "(blank)", "(empty)", "-", "--", "?", "unknown", "missing"),
    *("guest", "guests", "guest user", "guest checkout", "anonymous", "anonymous user"),
    "00000000-0000-0000-0000-000000000000",
)
"""The default of ``data.null_words``; case does not matter."""

MAYBE_NOBODY: Final = ("0", "-1")
"""Sound ids in many files, and guests in others."""

MIN_SHARE: Final = 0.02
MIN_TIMES_THE_NEXT: Final = 5
"""With this share of all rows, and so many times as many as the customer of most rows, an id is nobody's."""


ANONYMOUS: Final = "anonymous"


def visitor(user_id: str, session_id: str | None, words: Collection[str]) -> str:
    """The id of a visitor: nobody's with a session is ``anonymous:SESSION``; every other id is as it is.

    >>> visitor("Anonymous", "s1", NULL_WORDS), visitor("anonymous", None, NULL_WORDS), visitor("u1", "s1", NULL_WORDS)
    ('anonymous:s1', 'anonymous', 'u1')
    """
    is_nobody = session_id is not None and user_id.strip().lower() in words
    return f"{ANONYMOUS}:{session_id}" if is_nobody else user_id


@dataclass(frozen=True, slots=True)
class NamedIds:
    """The ids of a column, those that name nobody missing.

    Attributes
    ----------
    ids : Series of str
    nobody : mapping of str to int
        How many rows had each spelling of nobody, the most frequent first.
    doubtful : mapping of str to int
        How many rows have an id that may be nobody and was kept.
    """

    ids: pd.Series
    nobody: dict[str, int]
    doubtful: dict[str, int]

    def warnings(self, table: str, column: str) -> list[str]:
        """What to tell the owner of the data."""
        found = []
        if self.nobody:
            words = ", ".join(f"{word} {count:,}" for word, count in list(self.nobody.items())[:10])
            found.append(
                f"{table}: {sum(self.nobody.values()):,} rows name nobody as {column} ({words}); they count as guests. "
                "data.null_words says which words do."
            )
        for word, count in self.doubtful.items() if self.nobody else ():
            found.append(
                f"{table}: {column} {word} has {count:,} rows and is taken as an id. If it stands for guests too, "
                "add it to data.null_words."
            )
        return found


def named_ids(ids: pd.Series, words: tuple[str, ...], *, may_be_zero: bool) -> NamedIds:
    """Take out the ids that name nobody.

    Parameters
    ----------
    ids : Series of str
        Trimmed, missing where blank.
    words : tuple of str
        What names nobody; case does not matter.
    may_be_zero : bool
        Whether ``0`` and ``-1`` are nobody where they hold a share of the rows that no customer could have.
    """
    is_nobody = ids.str.lower().isin([word.lower() for word in words])
    counts = ids[~is_nobody].value_counts() if may_be_zero else pd.Series(dtype="int64")
    maybe = [word for word in MAYBE_NOBODY if word in counts.index]
    if maybe:
        most = int(counts.drop(maybe).max()) if len(counts) > len(maybe) else 0
        huge = [word for word in maybe if counts[word] >= max(MIN_SHARE * len(ids), MIN_TIMES_THE_NEXT * most, 1)]
        is_nobody |= ids.isin(huge if most else [])
    nobody = {str(word): int(count) for word, count in ids[is_nobody].value_counts().items()}
    doubtful = {word: int(counts[word]) for word in maybe if word not in nobody}
    return NamedIds(ids.mask(is_nobody), nobody, doubtful)
