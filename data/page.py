"""The page of the data contract: `python -m data.page > docs/data.md`."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from data.event_names import EVENT_NAMES, IGNORED_NAMES, squash
from data.formats import EVENT_ALIASES, FORMATS, ITEM_ALIASES, USER_ALIASES
from data.guests import MAYBE_NOBODY, NULL_WORDS
from data.reasons import Reason
from shortlist.columns import EventType

HEAD: Final = """# The data contract

What `shortlist import` reads, what it makes of it, and why it sets rows aside. Written by `make docs` from the code.

* Files are CSV (any usual separator), Parquet or JSON (lines, or one array), `.gz` too; folders are read whole. Text is UTF-8 or UTF-16, or what `--encoding` says.
* Every line of a CSV file is accounted for: lines = records + line breaks within quoted cells + blank lines, and records = header +
  accepted + set aside. Where the quoting cannot be right, the lines concerned are read with the quotation mark as a character.
* A row that breaks the contract is set aside with one reason, counted, and kept in `rejects/` in the home. Above `data.max_bad_share`
  (one half) nothing is imported.
* The same row twice, or in a later file, is one event: by `event_id`, else by all its columns.
* Parquet files of 3 million events or more together, whose times are times, are read day by day, in bounded memory: the same rules, report,
  warnings of ids and rejects, but of events with one `event_id` the earliest day's is kept.
* An import happens whole or not at all, also when it is killed.

`shortlist validate` says what `import` would say and changes nothing. `shortlist imports` lists what was imported.

## To undo an import

Events of one import are the files `events/date=*/ID.parquet` in the home (`shortlist imports` shows the ID). Move them out, delete
`files.json`, and train again. A catalogue is replaced by importing the right one with `--replace`.
"""

IDS: Final = """## Ids

Ids are text: trimmed, case and leading zeros kept, at most `data.max_id_length` characters, no control characters. `73.0` is read as 73
where every id of the column with a decimal point ends in `.0`, and `1.0e5` as 100000 where all others are numbers; a warning says so.
Batch files and requests read ids alike. Ids that are spelt in two ways are warned of and stay two.

These words name nobody, whatever their case (`data.null_words`); their rows count as guests:
"""

NUMBERS: Final = """## Prices, quantities and times

Prices and quantities are read as people write them: `$1,245.00`, `12,50 EUR`, `'-2`, `3 pcs`. Which sign is the decimal one is decided for a
whole column by the values that show it; `--decimal point|comma` settles what they leave open. What cannot be read is unknown: a warning
counts it, and no purchase is lost for it. A purchase of a quantity of zero or less is set aside.

Times are ISO 8601, a datetime column, dates such as `31.05.2024 18:20` or `5/31/2024 6:20 PM` (where nothing in the column tells the day from
the month, `--date-order` does), or numbers whose unit is named (`--timestamp-unit`). A time without an offset is UTC, or in
`--timezone`. Times that all lie before 1971 or after 2200 in the unit named are refused, with the unit that fits.

Where an order's further lines lack customer and time (Shopify), those of its first line count, by the order's number (`session_id`).
A `cancel` takes its quantity from the user's earlier purchases of the item, or from those of the order that it names.
"""

CATALOGUE: Final = """## The catalogue

A file changes only the items and columns that it names, and a blank cell leaves what is stored; with `--replace` it is the whole
catalogue, and the items that it lacks are discontinued. `availability` is in stock (`in stock`, `true`, a number above zero, ...), out of stock
(`false`, `0`, `sold out`, ...) or discontinued (`discontinued`, `archived`, ...: in no list from the next training on).
A category is a path `A > B > C`; `|`, `/` and one column a level are understood. Of several in one cell the first counts.
Variants take what they lack from their parent (`group_id`).
"""


def page() -> str:
    """The page, in Markdown."""
    words = ", ".join(f"`{word}`" for word in NULL_WORDS)
    may_be = " and ".join(f"`{word}`" for word in MAYBE_NOBODY)
    return (
        "\n".join(
            [
                HEAD,
                "## Columns\n",
                "Names are compared without case, blanks and punctuation; `--map canonical=Column` goes before them all.\n",
                _table(("events", "other names"), _names(EVENT_ALIASES)),
                _table(("items", "other names"), _names(ITEM_ALIASES)),
                _table(("users", "other names"), _names(USER_ALIASES)),
                f"Formats that are recognised by their columns, or named by `--format`: {_listed(FORMATS)}.\n",
                "## Event types\n",
                _table(("type", "also written, without case and punctuation"), _types()),
                f"Passed over, since they are about no item or nothing was bought: {_listed(sorted(IGNORED_NAMES))}.\n",
                IDS,
                f"{words}.\n",
                f"{may_be} are so only where they hold a share of the rows that no customer could have.\n",
                NUMBERS,
                CATALOGUE,
                "## Why a row is set aside\n",
                _table(("reason", "what to do"), ((f"`{reason}`", reason.hint) for reason in Reason)),
                "One reason a row, the first that applies.",
            ]
        )
        + "\n"
    )


def _names(aliases: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, str]]:
    return (
        (f"`{column}`", _listed(name for name in names if name != squash(column))) for column, names in aliases.items()
    )


def _types() -> Iterable[tuple[str, str]]:
    for kind in EventType:
        yield (
            f"`{kind}`",
            _listed(name for name, known in EVENT_NAMES.items() if known == kind and name != squash(kind)),
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {one} | {other} |" for one, other in (head, ("---", "---"), *rows)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
