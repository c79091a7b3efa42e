"""Redis slow, full, gone, killed or full of garbage: every request is answered, at full quality.

The workers' own memory is switched off but where a test says so, since it hides Redis.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import httpx
import pytest
import redis as redis_library
from redis_server import RedisServer, free_port

from monitoring.logs import SERVICE_LOGGER

Serve = Callable[..., httpx.Client]
Metric = Callable[[httpx.Client, str], float]
URL = "/recommendations/user-000"
USERS = [f"user-{number:03}" for number in range(40)]
NO_MEMORY = {"cache_memory_bytes": 0}
ERRORS = 'shortlist_cache_errors_total{backend="redis"'


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """A server that accepts connections, reads, and never answers; yields its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        held: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.append(listening.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()


def check_full(answer: httpx.Response) -> None:
    """A list of full length and quality."""
    assert answer.status_code == 200
    body = answer.json()
    assert (body["degraded"], body["source"], len(body["items"])) == (None, "personalized", 10)


def test_redis_holds_lists_with_a_time_to_live_and_no_user_in_clear(serve: Serve, redis: RedisServer) -> None:
    """Every key expires, and neither keys nor values name the user."""
    client = serve(**NO_MEMORY, redis_url=redis.url, cache_ttl_seconds=100)
    assert [client.get(URL).headers["x-cache"] for _ in range(2)] == ["miss", "hit"]
    with redis_library.Redis.from_url(redis.url) as direct:
        keys = direct.keys("*")
        assert len(keys) == 1
        assert 0 < direct.ttl(keys[0]) <= 100
        assert b"user-000" not in keys[0] + direct.get(keys[0])


def test_two_services_share_what_is_cached(serve: Serve, redis: RedisServer) -> None:
    """What one worker made the other finds."""
    first, second = serve(**NO_MEMORY, redis_url=redis.url), serve(**NO_MEMORY, redis_url=redis.url)
    assert first.get(URL).headers["x-cache"] == "miss"
    assert second.get(URL).headers["x-cache"] == "hit"


def test_no_redis_at_all_is_a_bypass(serve: Serve, metric: Metric) -> None:
    """With nothing listening the list is made, the failure counted, and the service stays ready."""
    client = serve(**NO_MEMORY, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    answer = client.get(URL)
    check_full(answer)
    assert answer.headers["x-cache"] == "bypass"
    assert metric(client, ERRORS) == 1
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["cache"] == {"backend": "redis", "reachable": False}


def test_a_redis_that_never_answers_costs_its_budget_and_no_more(
    serve: Serve, metric: Metric, caplog: pytest.LogCaptureFixture
) -> None:
    """Each request waits the time-out at most; after the configured failures the breaker opens and nobody waits."""
    with silent_server() as port:
        client = serve(**NO_MEMORY, redis_url=f"redis://127.0.0.1:{port}/0", redis_timeout_ms=100, breaker_failures=3)
        seconds = []
        for user in USERS[:8]:
            start = time.perf_counter()
            check_full(client.get(f"/recommendations/{user}"))
            seconds.append(time.perf_counter() - start)
        assert min(seconds[:3]) >= 0.1, seconds
        assert median(seconds[:3]) < 0.2, seconds
        assert median(seconds[3:]) < 0.1, seconds
        assert metric(client, ERRORS) == 3
        assert metric(client, "shortlist_cache_skipped_total") == 5
        assert metric(client, "shortlist_cache_breaker_open") == 1
        assert metric(client, "shortlist_cache_breaker_trips_total") == 1
        lines = [record.getMessage() for record in caplog.records if record.name == SERVICE_LOGGER]
        assert [line.partition(",")[0] for line in lines] == [
            "the cache does not answer",
            "the cache is left alone after failures in a row",
        ]


def test_a_redis_killed_in_mid_flight_fails_no_request(serve: Serve, redis: RedisServer, metric: Metric) -> None:
    """Under concurrent requests the server is killed; every answer is full. When it is back, so is the cache."""
    client = serve(**NO_MEMORY, redis_url=redis.url, breaker_failures=3, breaker_pause_seconds=0.3)
    half_way = threading.Barrier(2)
    answers: list[httpx.Response] = []

    def ask(number: int) -> httpx.Response:
        if number == 40:
            half_way.wait(timeout=30)
        return client.get(f"/recommendations/{USERS[number % len(USERS)]}")

    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(ask, range(160))
        half_way.wait(timeout=30)
        redis.kill()
        answers = list(asked)
    for answer in answers:
        check_full(answer)
    assert {answer.headers["x-cache"] for answer in answers} >= {"miss", "bypass"}
    assert metric(client, ERRORS) >= 3
    redis.start()
    time.sleep(0.4)
    assert client.get(URL).headers["x-cache"] == "miss"
    assert client.get(URL).headers["x-cache"] == "hit"
    assert metric(client, "shortlist_cache_breaker_open") == 0


def test_a_redis_that_hangs_after_a_good_start_fails_no_request(serve: Serve, redis: RedisServer) -> None:
    """Stopped under open connections, Redis is waited for once and then left alone; awake again, it is used again."""
    client = serve(**NO_MEMORY, redis_url=redis.url, redis_timeout_ms=50, breaker_failures=1, breaker_pause_seconds=0.3)
    client.get(URL)
    redis.pause()
    try:
        for _ in range(3):
            answer = client.get(URL)
            check_full(answer)
            assert answer.headers["x-cache"] == "bypass"
    finally:
        redis.resume()
    time.sleep(0.4)
    assert client.get(URL).headers["x-cache"] == "hit"


def test_a_full_redis_still_gives_what_it_has(serve: Serve, redis: RedisServer, metric: Metric) -> None:
    """When Redis takes nothing more, known lists are hits, new ones are made, and the breaker stays closed."""
    client = serve(**NO_MEMORY, redis_url=redis.url, breaker_failures=1)
    client.get(URL)
    with redis_library.Redis.from_url(redis.url) as direct:
        direct.config_set("maxmemory-policy", "noeviction")
        direct.config_set("maxmemory", "1")
    for _ in range(2):
        answer = client.get("/recommendations/user-001")
        check_full(answer)
        assert answer.headers["x-cache"] == "miss"
    assert client.get(URL).headers["x-cache"] == "hit"
    assert metric(client, 'shortlist_cache_errors_total{backend="redis",kind="refused"') == 2
    assert metric(client, "shortlist_cache_breaker_open") == 0


@pytest.mark.parametrize("kind", ["garbage", "cut", "other_type"])
def test_garbage_in_redis_is_made_good(serve: Serve, redis: RedisServer, metric: Metric, kind: str) -> None:
    """A value that is not the sealed list is a counted miss, and is replaced by the right one."""
    client = serve(**NO_MEMORY, redis_url=redis.url)
    expected = client.get(URL).json()["items"]
    with redis_library.Redis.from_url(redis.url) as direct:
        (key,) = direct.keys("*")
        value = direct.get(key)
        direct.delete(key)
        if kind == "other_type":
            direct.lpush(key, "x")
        else:
            direct.set(key, b'{"items":[]}' if kind == "garbage" else value[:-5])
    mended = client.get(URL)
    assert (mended.headers["x-cache"], mended.json()["items"]) == ("miss", expected)
    assert metric(client, ERRORS) == 1
    again = client.get(URL)
    assert (again.headers["x-cache"], again.json()["items"]) == ("hit", expected)


def test_a_server_that_is_no_redis_is_survived(serve: Serve) -> None:
    """What answers in another language is a failure of the cache, not of the request."""
    other = serve()
    client = serve(**NO_MEMORY, redis_url=f"redis://127.0.0.1:{other.base_url.port}/0", redis_timeout_ms=200)
    answer = client.get(URL)
    check_full(answer)
    assert answer.headers["x-cache"] == "bypass"


def test_memory_goes_on_where_redis_is_gone(serve: Serve, redis: RedisServer) -> None:
    """What this worker gave before is still a hit; what it did not give is made, as ever."""
    client = serve(redis_url=redis.url, breaker_failures=1)
    first = client.get(URL)
    redis.kill()
    again = client.get(URL)
    assert (again.headers["x-cache"], again.json()["items"]) == ("hit", first.json()["items"])
    other = client.get("/recommendations/user-001")
    check_full(other)
    assert other.headers["x-cache"] == "bypass"
    assert client.get("/recommendations/user-001").headers["x-cache"] == "hit"
