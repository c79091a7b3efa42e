"""Lists for many users, written as they are made: memory does not grow with their number."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from data.formats import USER_ALIASES
from data.mapping import map_columns
from data.sources import RawTable, read_sources
from data.spelling import read_ids
from ranking.query import Query, Recommendation
from ranking.recommender import Recommender
from ranking.two_stage import Stage
from shortlist.atomic import staged_file
from shortlist.columns import ITEM_ID, RANK, SCORE, SOURCE, TITLE, USER_ID
from shortlist.errors import DataError

USERS_PER_WRITE: Final = 2_000
SCHEMA: Final = pa.schema(
    [
        (USER_ID, pa.string()),
        (ITEM_ID, pa.string()),
        (RANK, pa.int32()),
        (SCORE, pa.float32()),
        (SOURCE, pa.dictionary(pa.int8(), pa.string())),
    ]
)
SUFFIXES: Final = (".parquet", ".csv")


def read_user_ids(path: Path) -> list[str]:
    """The distinct users named in a file, in its order, read as `shortlist import` reads ids.

    Takes a ``.txt`` file with one id a line, the first maybe the name of the column, or a CSV, Parquet or JSON lines
    file with a column of user ids.

    Raises
    ------
    DataError
        When there is no such column, a row cannot be read, or the text is not UTF-8.
    """
    columns = [_read_lines(path)] if path.suffix == ".txt" else [_column(table, path) for table in read_sources([path])]
    ids = (read_ids(column).ids.dropna() for column in columns)
    return list(dict.fromkeys(user_id for column in ids for user_id in column))


def _column(table: RawTable, path: Path) -> pd.Series:
    if table.malformed:
        raise DataError(
            f"{path}: {len(table.malformed)} row(s) cannot be read, the first is row "
            f"{table.malformed[0].row}. Mend the file."
        )
    values = map_columns(list(table.rows.columns), {}, {}, USER_ALIASES).values(table.rows, USER_ID)
    if values is None:
        found = ", ".join(map(str, table.rows.columns))
        raise DataError(f"{path}: no column {USER_ID}; it has {found}. Name the column {USER_ID}.")
    return values


def _read_lines(path: Path) -> pd.Series:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text: {error}. Save it as UTF-8, one id a line.") from error
    is_named = bool(lines) and USER_ID in map_columns([lines[0].strip()], {}, {}, USER_ALIASES).sources
    return pd.Series(lines[is_named:], dtype="str")


def all_user_ids(recommender: Recommender) -> Iterator[str]:
    """All users that the bundle knows, but for those who are forgotten since."""
    users = recommender.table.users
    ids = (users.external(position) for position in range(len(users)))
    return (user_id for user_id in ids if not recommender.stored.is_forgotten(user_id))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What each user's list is to be: at most `k` items, of both stages or the first, maybe with titles."""

    k: int
    stage: Stage = "full"
    exclude_seen: bool = False
    titles: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The columns of the lists."""
        return SCHEMA.append(pa.field(TITLE, pa.string())) if self.titles else SCHEMA

    def of(self, user_id: str) -> Query:
        """The query for a user."""
        return Query(user_id, limit=self.k, stage=self.stage, exclude_seen=self.exclude_seen, titles=self.titles)


def make_lists(recommender: Recommender, user_ids: Iterable[str], wanted: Wanted) -> Iterator[pa.Table]:
    """Every user's list as rows, some users at a time: users in the order given, ranks from 1."""
    lists = recommender.recommend_many(map(wanted.of, user_ids))
    while block := list(islice(lists, USERS_PER_WRITE)):
        yield _table(block, wanted.schema)


def write_lists(lists: Iterable[pa.Table], wanted: Wanted, path: Path) -> int:
    """Write lists to a Parquet or CSV file, which is there whole or not at all; returns the number of rows."""
    n_rows = 0
    with staged_file(path) as temporary, _writer(temporary, path.suffix, wanted.schema) as writer:
        for table in lists:
            writer.write_table(table)
            n_rows += len(table)
    return n_rows


def _writer(path: Path, suffix: str, schema: pa.Schema) -> pq.ParquetWriter | pyarrow.csv.CSVWriter:
    return pq.ParquetWriter(path, schema) if suffix == ".parquet" else pyarrow.csv.CSVWriter(path, schema)


def _table(block: Sequence[Recommendation], schema: pa.Schema) -> pa.Table:
    lengths = np.array([len(one.items) for one in block])
    items = [item for one in block for item in one.items]
    sources = pd.Categorical(np.repeat([one.source for one in block], lengths))
    columns = {
        USER_ID: np.repeat(np.array([one.user_id for one in block], dtype=object), lengths),
        ITEM_ID: [item.item_id for item in items],
        RANK: np.array([item.rank for item in items], dtype=np.int32),
        SCORE: np.array([item.score for item in items], dtype=np.float32),
        SOURCE: pa.array(sources).cast(SCHEMA.field(SOURCE).type),
    }
    if TITLE in schema.names:
        columns[TITLE] = pa.array([item.title for item in items], pa.string())
    return pa.table(columns, schema=schema)
