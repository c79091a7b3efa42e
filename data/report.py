"""What an import took, what it set aside and why."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from data.batch import Batch
from data.csv_files import Lines


@dataclass(frozen=True, slots=True)
class TableReport:
    """The rows of one kind: read, accepted, and set aside by reason. Read is always the sum of the other two."""

    rows_read: int
    accepted: int
    quarantined: int
    quarantined_by_reason: Mapping[str, int]
    examples: Sequence[Mapping[str, Any]]


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
    warnings: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON-like data: the events' numbers at the top, ``items`` and ``users`` below it."""
        fields = asdict(self)
        events = fields.pop("events") or asdict(TableReport(0, 0, 0, {}, []))
        return {**events, **fields}


def table_report(batch: Batch) -> TableReport:
    """Count a batch."""
    counts = batch.counts()
    accepted = len(batch.accepted)
    return TableReport(len(batch.rows), accepted, sum(counts.values()), counts, batch.examples())
