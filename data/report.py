"""What an import took, what it set aside and why."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from data.batch import Counted
from data.csv_files import Lines
from data.lookup import is_among
from shortlist.columns import DISCONTINUED, ITEM_ID


@dataclass(frozen=True, slots=True)
class TableReport:
    """The rows of one kind: read, accepted, and set aside by reason. Read is always the sum of the other two."""

    rows_read: int
    accepted: int
    quarantined: int
    quarantined_by_reason: Mapping[str, int]
    examples: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class CatalogChanges:
    """What files of items change in the catalogue.

    Attributes
    ----------
    new, changed : int
        Items that were not there, and those of which a value is another now.
    not_in_file : int
        Items of the catalogue that the files do not name.
    discontinued : int
        Items that are never shown from the next training on, those of earlier imports included.
    """

    new: int
    changed: int
    not_in_file: int
    discontinued: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import, or what it would be.

    Attributes
    ----------
    events, items, users : TableReport or None
        None where no file of the kind was given.
    import_id : str or None
        None when nothing was written.
    already_imported : bool
        Whether every good row was in the home before, so that there was nothing to write.
    unjoined_events, unjoined_items : int or None
        Accepted events whose item the catalogue lacks, and the number of such items; None without a catalogue.
    n_users, n_items : int
        Distinct ones among accepted events.
    first_timestamp, last_timestamp : str or None
        ISO 8601, of accepted events.
    event_types : mapping of str to int
        Accepted events by type.
    cancels_matched, cancels_unmatched : int
        Accepted cancels that take something from an earlier purchase, and those that find none.
    formats : mapping of str to str
        The format that each file of events was read as.
    lines : mapping of str to Lines
        What became of the lines of each file that is made of lines.
    catalog : CatalogChanges or None
        None where no file of items was given.
    warnings : sequence of str
    """

    events: TableReport | None
    items: TableReport | None
    users: TableReport | None
    import_id: str | None
    already_imported: bool
    unjoined_events: int | None
    unjoined_items: int | None
    n_users: int
    n_items: int
    first_timestamp: str | None
    last_timestamp: str | None
    event_types: Mapping[str, int]
    cancels_matched: int
    cancels_unmatched: int
    formats: Mapping[str, str]
    lines: Mapping[str, Lines]
    catalog: CatalogChanges | None
    warnings: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON-like data: the events' numbers at the top, ``items`` and ``users`` below it."""
        fields = asdict(self)
        events = fields.pop("events") or asdict(TableReport(0, 0, 0, {}, []))
        return {**events, **fields}


def table_report(batch: Counted) -> TableReport:
    """Count a batch."""
    counts = batch.counts()
    accepted = batch.n_accepted
    return TableReport(batch.n_rows, accepted, sum(counts.values()), counts, batch.examples())


def catalog_changes(stored: pd.DataFrame, given: pd.DataFrame, merged: pd.DataFrame) -> CatalogChanges:
    """Compare the catalogue before and after."""
    is_there = is_among(given[ITEM_ID], stored[ITEM_ID])
    before, after = (one.set_index(ITEM_ID).loc[given.loc[is_there, ITEM_ID]] for one in (stored, merged))
    is_same = (before == after) | (before.isna() & after.isna())
    return CatalogChanges(
        new=int((~is_there).sum()),
        changed=int((~is_same.all(axis=1)).sum()),
        not_in_file=int((~is_among(stored[ITEM_ID], given[ITEM_ID])).sum()),
        discontinued=int(merged[DISCONTINUED].sum()),
    )
