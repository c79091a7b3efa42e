"""One hash for the events of a log: of their content and of the order of what one user did, whatever the batches."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.store import EVENT_SCHEMA
from shortlist.columns import EVENT_DTYPES, TIMESTAMP, USER_ID


class EventsDigest:
    """The hash of events that come in batches, by user and time: one hash of each column's parts, and one of these."""

    def __init__(self) -> None:
        self._parts: dict[str, Any] = {}

    def update(self, events: pd.DataFrame) -> None:
        """Take in the next canonical events."""
        table = pa.Table.from_pandas(events, schema=EVENT_SCHEMA, preserve_index=False).combine_chunks()
        for column in EVENT_DTYPES:
            for number, part in enumerate(_content(table[column])):
                self._parts.setdefault(f"{column} {number}", hashlib.sha256()).update(part)

    def hexdigest(self) -> str:
        """Hex SHA-256 of all that came."""
        whole = hashlib.sha256()
        for name in sorted(self._parts):
            whole.update(name.encode() + self._parts[name].digest())
        return whole.hexdigest()


def events_fingerprint(events: pd.DataFrame) -> str:
    """The hash of canonical events in memory, in any order of users and moments."""
    digest = EventsDigest()
    digest.update(events.sort_values([USER_ID, TIMESTAMP], kind="stable"))
    return digest.hexdigest()


def is_fingerprint_of(fingerprint: str, events: pd.DataFrame) -> bool:
    """Whether a bundle's fingerprint is that of some events; bundles of before have one of another kind."""
    return fingerprint in {events_fingerprint(events), _fingerprint_by_time(events)}


def _fingerprint_by_time(events: pd.DataFrame) -> str:
    """As releases until 0.1 hashed them: column after column of the whole log, by time and user."""
    whole = hashlib.sha256()
    table = pa.Table.from_pandas(events, schema=EVENT_SCHEMA, preserve_index=False)
    table = table.sort_by([(TIMESTAMP, "ascending"), (USER_ID, "ascending")]).combine_chunks()  # stable
    for column in EVENT_DTYPES:
        whole.update(column.encode())
        for part in _content(table[column]):
            whole.update(part)
    return whole.hexdigest()


def _content(column: pa.ChunkedArray) -> Iterator[bytes]:
    """The bytes that make up a column: which values are there, and the values."""
    values = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    yield np.asarray(values.is_valid()).tobytes()
    if pa.types.is_string(column.type):
        yield np.asarray(pc.binary_length(values).fill_null(0), dtype=np.int64).tobytes()
        yield _text(values.drop_null())
    elif pa.types.is_timestamp(column.type):
        yield np.asarray(values.cast(pa.int64())).tobytes()
    else:
        yield (np.asarray(values.fill_null(0.0), dtype=np.float64) + 0.0).tobytes()


def _text(values: pa.Array) -> bytes:
    """Texts one behind the other."""
    _, offsets, text = values.buffers()
    if text is None or not len(values):
        return b""
    places = np.frombuffer(offsets, dtype=np.int32)[values.offset : values.offset + len(values) + 1]
    return bytes(memoryview(text)[places[0] : places[-1]])
