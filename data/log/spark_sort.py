"""The stored events sorted by a Spark cluster: a table larger than one machine sorts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from data.store import STORED_SCHEMA
from shortlist.atomic import temporary_folder
from shortlist.columns import TIMESTAMP, USER_ID

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SPARK_TYPES: Final = {pa.string(): "STRING", pa.float64(): "DOUBLE", pa.int64(): "BIGINT"}
"""A time is the one type beside them."""


@dataclass(frozen=True, slots=True)
class SparkSort:
    """Stored event files, and the cluster that sorts them.

    Attributes
    ----------
    files : sequence of Path
        Under the same path on every worker.
    merged : Table
        Ids that were merged: ``source``, and ``target``, the id that it stands for.
    folder : Path
        Where the sorted events are written, in files of their own, while they are read; every worker sees it.
    end : int, optional
        Only events before this moment, in microseconds since 1970.
    """

    spark: "SparkSession"
    files: Sequence[Path]
    merged: pa.Table
    folder: Path
    end: int | None = None

    def before(self, microseconds: int) -> "SparkSort":
        """The same before a moment."""
        return replace(self, end=microseconds if self.end is None else min(self.end, microseconds))

    def batches(self, order: Sequence[str], rows_at_once: int) -> Iterator[pa.RecordBatch]:
        """Events of `STORED_SCHEMA` and ``own_id`` in the order of some columns, missing values last."""
        from pyspark.sql import functions as f  # noqa: PLC0415  an extra

        if not self.files:
            return
        with temporary_folder(self.folder) as folder:
            pq.write_table(self.merged, folder / "merged.parquet")
            events = self._events(folder / "merged.parquet")
            events.orderBy(*[f.col(name).asc_nulls_last() for name in order]).write.parquet(_uri(folder / "sorted"))
            for part in sorted((folder / "sorted").glob("part-*.parquet")):
                yield from pq.ParquetFile(part).iter_batches(rows_at_once)

    def _events(self, merged_file: Path) -> "DataFrame":
        """What `data.log.scan` reads with DuckDB: users under one id, ``own_id`` the one they had."""
        from pyspark.sql import functions as f  # noqa: PLC0415  an extra

        stored = self.spark.read.schema(_schema()).parquet(*map(_uri, self.files))
        merged = self.spark.read.schema("source STRING, target STRING").parquet(_uri(merged_file))
        joined = stored.join(f.broadcast(merged), stored[USER_ID] == merged["source"], "left")
        events = joined.withColumn("own_id", f.col(USER_ID)).withColumn(USER_ID, f.coalesce("target", USER_ID))
        if self.end is not None:
            events = events.filter(f.col(TIMESTAMP) < f.timestamp_micros(f.lit(self.end)))
        return events.drop("source", "target")


def _uri(path: Path) -> str:
    return f"file://{path.resolve()}"  # not escaped; without its scheme it is looked for in the cluster's file system


def _schema() -> str:
    return ", ".join(f"{field.name} {_SPARK_TYPES.get(field.type, 'TIMESTAMP')}" for field in STORED_SCHEMA)
