"""Forgetting a user: at once in what answers requests and in the journal, then in the home's files, in one step.

The register keeps a pseudonym and the moment. Between the two parts it keeps the id, too; a crash at any point leaves
what is to be done, and doing it again changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from data.arrays.table_files import forget_tables
from data.catalog import read_users, stage_users
from data.inventory import day_files
from data.log.exposures import erase_exposures
from data.log.register import Fact, Register
from data.log.sqlite_journal import SqliteJournal
from data.mentions import mentions_in_rows, without_mentions
from data.people import People, canonical_user, people_of, pseudonym
from data.publication import Publication, import_lock
from shortlist.columns import TIMESTAMP, USER_ID
from shortlist.home import Home

STAGED: Final = "forgetting"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a wish to be forgotten.

    Attributes
    ----------
    receipt : str
        The user's pseudonym.
    forgotten_at : datetime
        Nothing from before is used any more.
    is_waiting : bool
        Whether the home's files are to be rewritten still: `shortlist forget`, `drain`, `train` and `retrain` do.
    journal, events, attributes, rejects, records, exposures : int
        How many rows were erased: of the journal, the event store, the table of users, the quarantine, import records
        that named the user, and lists that were served.
    """

    receipt: str
    forgotten_at: datetime
    is_waiting: bool
    journal: int = 0
    events: int = 0
    attributes: int = 0
    rejects: int = 0
    records: int = 0
    exposures: int = 0


_FILES: Final = ("events", "attributes", "rejects", "records")
_COUNTS: Final = ("journal", *_FILES, "exposures")


def begin_forgetting(home: Home, user_id: str, now: datetime) -> Receipt:
    """Forget a user, under all ids, in what answers requests and in the journal; the receipt is the given id's.

    Raises
    ------
    StoreUnavailable
        When the register or the journal cannot be used.
    """
    with closing(Register(home.register)) as register:
        people = people_of(register)
        written = canonical_user(user_id)
        others = {one: _begin(home, register, people, one, now) for one in people.ids(written)}
        _unmerge(register, people, others)
        return others[written]


def _unmerge(register: Register, people: People, user_ids: Iterable[str]) -> None:
    keys = [pseudonym(people.secret, one) for one in user_ids if one in people.targets]
    register.put("merged", {key: {"source": None, "into": None} for key in keys}, is_stored=True)


def _begin(home: Home, register: Register, people: People, written: str, now: datetime) -> Receipt:
    key = pseudonym(people.secret, written)
    content = {"at": now.timestamp(), "user_id": written, "journal_position": _last(home)}
    register.put("forgotten", {key: {**dict.fromkeys(_COUNTS, 0), **content}})
    n_erased = _erase_in_journal(home, content)
    register.put("forgotten", {key: {"journal": n_erased}})  # once more: who had read the journal before forgets
    (fact,) = (one for one in register.waiting("forgotten") if one.key == key)
    return _receipt(fact)


def finish_forgetting(home: Home) -> list[Receipt]:
    """Rewrite the home's files without the users whose forgetting has begun; nothing is done where none has.

    Raises
    ------
    StoreUnavailable
        When an import is running, or the register or the journal cannot be used.
    DataError
        When a stored file is missing, foreign or damaged.
    """
    if not home.register.exists():
        return []
    with closing(Register(home.register)) as register:
        if not register.waiting("forgotten"):
            return []
        with import_lock(home):
            return _finish(home, register, register.waiting("forgotten"))


def _finish(home: Home, register: Register, waiting: list[Fact]) -> list[Receipt]:
    forget_tables(home)
    users = {str(fact.content["user_id"]): fact for fact in waiting}
    _unmerge(register, people_of(register), users)
    journal = {user: _erase_in_journal(home, fact.content) for user, fact in users.items()}
    exposures = erase_exposures(home, [fact.key for fact in waiting])
    counts = _rewrite(home, {user: float(fact.content["at"]) for user, fact in users.items()})
    done = {
        fact.key: {name: fact.content[name] + counts[name][user] for name in _FILES}
        | {"journal": fact.content["journal"] + journal[user], "exposures": exposures[fact.key]}
        | {"user_id": None, "journal_position": None}
        for user, fact in users.items()
    }
    register.put("forgotten", done, is_stored=True)
    register.shrink()
    return [_receipt(fact) for fact in register.all_of("forgotten") if fact.key in done]


def _receipt(fact: Fact) -> Receipt:
    counts = {name: int(fact.content[name]) for name in _COUNTS}
    return Receipt(fact.key, datetime.fromtimestamp(fact.content["at"], UTC), not fact.is_stored, **counts)


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """A receipt ready for JSON."""
    return {**asdict(receipt), "forgotten_at": receipt.forgotten_at.isoformat()}


def _last(home: Home) -> int:
    if not home.journal.exists():
        return 0
    with closing(SqliteJournal(home.journal)) as journal:
        return journal.last()


def _erase_in_journal(home: Home, content: Mapping[str, Any]) -> int:
    if not home.journal.exists():
        return 0
    with closing(SqliteJournal(home.journal)) as journal:
        return journal.erase(str(content["user_id"]), int(content["journal_position"]))


def _rewrite(home: Home, moments: Mapping[str, float]) -> dict[str, Counter[str]]:
    """Rewrite every file that holds something of users from before they were forgotten; how many rows of each user.

    Parameters
    ----------
    moments : mapping of str to float
        By user, in seconds.
    """
    publication = Publication(home, STAGED)
    events = (_rewrite_events(publication, path, moments) for path in _event_files(home, list(moments)))
    rejects = (_rewrite_rejects(publication, path, list(moments)) for path in sorted(home.rejects.glob("*.parquet")))
    records = (_rewrite_record(publication, path, list(moments)) for path in sorted(home.imports.glob("*.json")))
    counts = {
        "events": sum(events, Counter()),
        "attributes": _rewrite_users(publication, list(moments)),
        "rejects": sum(rejects, Counter()),
        "records": sum(records, Counter()),
    }
    if any(counts.values()):
        publication.publish()
    return counts


def _event_files(home: Home, user_ids: list[str]) -> Iterator[Path]:
    """The event files that name any of some users."""
    of_users = ds.field(USER_ID).isin(pa.array(user_ids, pa.string()))
    stored = (path for files in day_files(home).values() for path in files)
    return (path for path in stored if ds.dataset(path, format="parquet").count_rows(filter=of_users))


def _rewrite_events(publication: Publication, path: Path, moments: Mapping[str, float]) -> Counter[str]:
    table = pq.ParquetFile(path).read()
    users = table[USER_ID].to_pandas()
    since = pd.to_datetime(users.map(moments).astype("float64"), unit="s", utc=True)
    is_gone = (table[TIMESTAMP].to_pandas() < since).to_numpy(dtype=np.bool_)
    _rewrite_table(publication, path, table, is_gone)
    return Counter(users[is_gone])


def _rewrite_rejects(publication: Publication, path: Path, user_ids: list[str]) -> Counter[str]:
    table = pq.ParquetFile(path).read()
    of_user = {user: mentions_in_rows(table, user) for user in user_ids}
    _rewrite_table(publication, path, table, np.logical_or.reduce(list(of_user.values())))
    return Counter({user: int(found.sum()) for user, found in of_user.items()})


def _rewrite_table(publication: Publication, path: Path, table: pa.Table, is_gone: npt.NDArray[np.bool_]) -> None:
    if is_gone.all():
        publication.remove(path)
    elif is_gone.any():
        pq.write_table(table.filter(pa.array(~is_gone)), publication.stage(path))


def _rewrite_users(publication: Publication, user_ids: list[str]) -> Counter[str]:
    users = read_users(publication.home)
    is_gone = users[USER_ID].isin(user_ids)
    if is_gone.any():
        stage_users(publication, users[~is_gone])
    return Counter(users.loc[is_gone, USER_ID])


def _rewrite_record(publication: Publication, path: Path, user_ids: list[str]) -> Counter[str]:
    before = content = path.read_bytes()
    counts: Counter[str] = Counter()
    for user in user_ids:
        blanked = without_mentions(content, user)
        counts[user], content = int(blanked != content), blanked
    if content != before:
        publication.stage(path).write_bytes(content)
    return counts
