"""The small shop as a running service, and a redis-server to take away from it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from live_service import clear_live, live_service, patient
from redis_server import RedisServer, find_redis_server, running_redis

from experiments.config import ExperimentsConfig
from ranking.recommender import Recommender
from serving.app import create_app
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.home import Home

Serve = Callable[..., httpx.Client]


@pytest.fixture
def serve(small_home: Home, small_recommender: Recommender) -> Iterator[Serve]:
    """Start a service of the small shop; what is not named is as shipped."""
    with ExitStack() as stack:

        def start(
            experiments: ExperimentsConfig | None = None,
            others: dict[str, Recommender] | None = None,
            redis_url: str | None = None,
            api_key: str | None = None,
            console_key: str | None = None,
            headers: dict[str, str] | None = None,
            **config: object,
        ) -> httpx.Client:
            settings = ServiceSettings(
                small_home,
                patient(**config),
                redis_url=redis_url,
                api_key=api_key,
                console_key=console_key,
            )
            service = Service(small_recommender, others or {}, experiments or ExperimentsConfig())
            return stack.enter_context(live_service(create_app(settings, service), headers))

        yield start
    clear_live(small_home)


@pytest.fixture
def client(serve: Serve) -> httpx.Client:
    """A client of the service as shipped: cache in memory, no key, no experiments."""
    return serve()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A redis-server of this test's own."""
    binary = find_redis_server()
    if binary is None:
        pytest.skip("no redis-server: put one on the PATH, or run `make setup-dev`")
    with running_redis(binary) as server:
        yield server


@pytest.fixture
def metric() -> Callable[[httpx.Client, str], float]:
    """Read one figure: the sum over all samples of /metrics that begin with a text."""

    def read(client: httpx.Client, start: str) -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))

    return read
