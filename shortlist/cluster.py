"""Spark, where one machine is too small: sorting events, alternating least squares and batch lists run on its workers.

It needs the extra ``spark`` and Java 17 or later; each worker sees the home under the same path, and has the same
packages installed. Without a master in the configuration nothing here is used.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from shortlist.config import ConfigModel
from shortlist.errors import ConfigError, StoreUnavailable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_RUNNING: Final[list["SparkSession"]] = []

_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.ui.showConsoleProgress": "false",
}


class SparkConfig(ConfigModel):
    """The [spark] table: where the large steps run."""

    master: str = ""


@contextmanager
def cluster(config: SparkConfig) -> Iterator[None]:
    """Run the large steps within on the configured cluster; on this machine where none is configured.

    Raises
    ------
    ConfigError
        When Spark is not installed, or does not start.
    StoreUnavailable
        When it gives up on a step.
    """
    if not config.master:
        yield
        return
    session = _started(config.master)
    _RUNNING.append(session)
    try:
        yield
    except _errors_of_spark() as error:
        raise StoreUnavailable(f"{config.master}: Spark gave up: {_said(error)} Its log says more.") from error
    finally:
        _RUNNING.remove(session)
        session.stop()


def running_cluster() -> "SparkSession | None":
    """The cluster that `cluster` started, if any."""
    return _RUNNING[-1] if _RUNNING else None


def _started(master: str) -> "SparkSession":
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415  an extra, and slow to import
    except ImportError as error:
        raise ConfigError(
            f"[spark] master is {master!r}, and Spark is not installed. Run pip install 'shortlist-recs[spark]', or"
            " leave master empty to work on this machine alone."
        ) from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("shortlist").config(map=_SETTINGS)
    try:
        return builder.getOrCreate()
    except _errors_of_spark() as error:
        raise ConfigError(
            f"[spark] master is {master!r}, and Spark does not start: {_said(error)} It needs Java 17 or later"
            " (JAVA_HOME) and a master that answers."
        ) from error


def _errors_of_spark() -> tuple[type[Exception], ...]:
    from py4j.protocol import Py4JError  # noqa: PLC0415  comes with the extra
    from pyspark.errors import PySparkException  # noqa: PLC0415

    return PySparkException, Py4JError


def _said(error: Exception) -> str:
    """The first line of what went wrong, without the class that found it."""
    text = str(getattr(error, "java_exception", error)).splitlines()[0].strip()
    return text.rpartition("Exception: ")[2].rstrip(".") + "."
