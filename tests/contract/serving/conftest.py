"""A real redis-server for the contract of the cache."""

import os
from collections.abc import Iterator

import pytest
from redis_server import URL_VARIABLE, find_redis_server, running_redis


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a Redis that answers."""
    if url := os.environ.get(URL_VARIABLE):
        yield url
        return
    binary = find_redis_server()
    if binary is None:
        pytest.skip(f"no redis-server: name one in {URL_VARIABLE}, or run `make setup-dev`")
    with running_redis(binary) as server:
        yield server.url
