"""Spark on this machine, for the tests that a cluster's results are those of one machine."""

import importlib.util
import shutil

import pytest

needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="Spark (an extra) or Java is not installed here: make test-spark, with Java 17 or later",
)
