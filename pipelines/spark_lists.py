"""Lists for many users made by the workers of a Spark cluster: the same lists, in the same order."""

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.batch import Wanted, make_lists
from ranking.bundling import load_recommender
from ranking.recommender import Recommender
from shortlist.atomic import temporary_folder
from shortlist.bundle import open_bundle
from shortlist.cluster import running_cluster
from shortlist.progress import Reporter

USERS_OF_A_TASK: Final = 5_000


def make_lists_on_cluster(
    bundle: Path, user_ids: Iterable[str], wanted: Wanted, folder: Path, reporter: Reporter
) -> Iterator[pa.Table]:
    """Every user's list as rows, as `make_lists` yields them.

    Parameters
    ----------
    bundle : Path
        The bundle's folder, under the same path on every worker.
    folder : Path
        Where workers write what they made until it is read; under the same path on every worker.
    """
    spark = running_cluster()
    if spark is None:
        raise RuntimeError("no cluster runs: call this within `cluster`")
    tasks = list(enumerate(_blocks(user_ids, USERS_OF_A_TASK)))
    if not tasks:
        return
    reporter.step(f"lists: {len(tasks):,} tasks on {spark.sparkContext.master}")
    with temporary_folder(folder) as parts:
        write = partial(_write_part, bundle=bundle.resolve(), wanted=wanted, folder=parts.resolve())
        spark.sparkContext.parallelize(tasks, len(tasks)).foreach(write)
        for number, _ in tasks:
            for batch in pq.ParquetFile(parts / f"{number}.parquet").iter_batches():
                yield pa.Table.from_batches([batch]).cast(wanted.schema)


def _blocks(user_ids: Iterable[str], n_users: int) -> Iterator[list[str]]:
    users = iter(user_ids)
    while block := list(islice(users, n_users)):
        yield block


def _write_part(task: tuple[int, list[str]], bundle: Path, wanted: Wanted, folder: Path) -> None:
    """Make the lists of some users and write them; a task that is run again writes the same file."""
    number, users = task
    written = folder / f"{number}.parquet.{os.getpid()}"
    with pq.ParquetWriter(written, wanted.schema) as writer:
        for table in make_lists(_recommender(bundle), users, wanted):
            writer.write_table(table)
    written.replace(folder / f"{number}.parquet")


@lru_cache(maxsize=1)
def _recommender(bundle: Path) -> Recommender:
    """Mapped once by each process of a worker."""
    return load_recommender(open_bundle(bundle))
