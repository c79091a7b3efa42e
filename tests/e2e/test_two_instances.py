"""Two services over one published bundle and one Redis, as behind a load balancer: either answers for the other."""

import signal
import time
from collections.abc import Iterator

import httpx
import pytest
from live_service import clear_live
from redis_server import find_redis_server, running_redis
from serve_process import WAIT_SECONDS, Process, Start

from shortlist.home import Home

USER = "user-001"


@pytest.fixture
def instances(start: Start, small_home: Home) -> Iterator[list[Process]]:
    """Two commands that know of each other only through home and Redis."""
    binary = find_redis_server()
    if binary is None:
        pytest.skip("no redis-server: put one on the PATH, or run `make setup-dev`")
    with running_redis(binary) as server:
        yield [start("--redis", server.url) for _ in range(2)]
    clear_live(small_home)


def get(url: str, path: str) -> httpx.Response:
    return httpx.get(url + path, trust_env=False, timeout=WAIT_SECONDS)


def wait_for_source(url: str, user: str, source: str) -> None:
    """Until a service's list for a user is of a kind."""
    deadline = time.monotonic() + WAIT_SECONDS
    while get(url, f"/recommendations/{user}").json()["source"] != source:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_one_has_made_the_other_serves(instances: list[Process]) -> None:
    """The same list, from the cache that they share; and a service that ends takes nothing with it."""
    first, second = (process.url() for process in instances)
    made, found = get(first, f"/recommendations/{USER}"), get(second, f"/recommendations/{USER}")
    assert (made.headers["x-cache"], found.headers["x-cache"]) == ("miss", "hit")
    assert found.json()["items"] == made.json()["items"]
    assert found.headers["x-model-version"] == made.headers["x-model-version"]
    assert instances[0].stop(signal.SIGTERM) == 0
    assert get(second, f"/recommendations/{USER}").headers["x-cache"] == "hit"
    assert get(second, "/recommendations/user-002").json()["items"]


def test_what_one_is_told_the_other_knows(instances: list[Process]) -> None:
    """An event that one has taken is in the lists of both: a shopper whom nobody knew is known to both."""
    first, second = (process.url() for process in instances)
    for url in (first, second):
        assert get(url, "/recommendations/passer-by").json()["source"] == "popular"
    events = [{"user_id": "passer-by", "item_id": f"item-00{number}", "event_type": "purchase"} for number in (2, 4)]
    assert httpx.post(f"{first}/events", json=events, trust_env=False, timeout=WAIT_SECONDS).json()["accepted"] == 2
    for url in (first, second):
        wait_for_source(url, "passer-by", "personalized")
