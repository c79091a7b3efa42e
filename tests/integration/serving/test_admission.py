"""More requests than can be answered in time: each is answered in full, with less that names itself, or refused."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from experiments.config import ExperimentsConfig
from ranking.query import Query
from ranking.recommender import Recommender
from serving.app import create_app
from serving.service import Service
from serving.settings import ServiceSettings, ServingConfig
from shortlist.home import Home

N = 500
USER = "user-004"
FILTERS = "category=Food&exclude=item-004&exclude_purchased=true"


def burst(home: Home, recommender: Recommender, paths: list[str], **config: Any) -> list[httpx.Response]:
    """All at once, in this process; then the first one again, alone."""

    async def answers() -> list[httpx.Response]:
        settings = ServiceSettings(home, ServingConfig.model_validate(config))
        app = create_app(settings, Service(recommender, {}, ExperimentsConfig()))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://s") as asked,
        ):
            found = list(await asyncio.gather(*(asked.get(path) for path in paths)))
            return [*found, await asked.get(paths[0])]

    return asyncio.run(answers())


def how(answer: httpx.Response) -> str:
    return "refused" if answer.status_code == 503 else str(answer.json()["degraded"] or "full")


@pytest.fixture(scope="module")
def answered(small_home: Home, small_recommender: Recommender) -> list[httpx.Response]:
    """A burst that a deadline of a second leaves no time for, without a cache: 250 wait, 125 hurry, the others go."""
    path = f"/recommendations/{USER}?limit=5&{FILTERS}"
    return burst(small_home, small_recommender, [path] * N, deadline_ms=1_000, cache_ttl_seconds=0)


def test_everyone_is_answered_by_name_or_refused(answered: list[httpx.Response]) -> None:
    counts = Counter(map(how, answered[:N]))
    assert set(counts) == {"full", "stage_one", "popular", "refused"}
    assert counts["refused"] >= N / 5
    assert {answer.status_code for answer in answered} == {200, 503}


def test_a_refusal_says_when_to_ask_again(answered: list[httpx.Response]) -> None:
    refused = next(answer for answer in answered if answer.status_code == 503)
    assert refused.json()["code"] == "OVERLOADED"
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["X-Request-ID"]


def test_easier_lists_are_the_stages_own_and_obey_the_filters(
    answered: list[httpx.Response], small_recommender: Recommender
) -> None:
    lists = {how(answer): answer.json() for answer in answered[:N]}
    for ease, stage in (("stage_one", "retrieval"), ("popular", "popular"), ("full", "full")):
        query = Query(USER, limit=5, categories=("Food",), exclude=("item-004",), exclude_purchased=True, stage=stage)  # type: ignore[arg-type]
        expected = small_recommender.recommend(query)
        assert [item["item_id"] for item in lists[ease]["items"]] == [item.item_id for item in expected.items]
        assert lists[ease]["source"] == expected.source
    assert lists["popular"]["source"] == "popular"
    assert lists["popular"]["items"]


def test_afterwards_all_is_as_before(answered: list[httpx.Response]) -> None:
    assert how(answered[-1]) == "full"


def test_an_easier_list_is_kept_in_no_cache(small_home: Home, small_recommender: Recommender) -> None:
    """The lists of the burst that were made in full are in the cache; an easier one of the same request is not."""
    paths = [f"/recommendations/user-{number:03d}?limit=5" for number in range(200)]
    answers = burst(small_home, small_recommender, paths, deadline_ms=100)
    eased = next(number for number in range(200) if how(answers[number]) == "popular")
    again = burst(small_home, small_recommender, [paths[eased]], deadline_ms=100)
    assert [how(answer) for answer in again] == ["full", "full"]
    assert [answer.headers["X-Cache"] for answer in again] == ["miss", "hit"]


def test_without_a_deadline_all_wait(small_home: Home, small_recommender: Recommender) -> None:
    answers = burst(small_home, small_recommender, [f"/recommendations/{USER}"] * N, deadline_ms=0, cache_ttl_seconds=0)
    assert set(map(how, answers)) == {"full"}


def test_what_is_no_list_does_not_wait(small_home: Home, small_recommender: Recommender) -> None:
    paths = [f"/recommendations/{USER}"] * N + ["/health/ready"] * N
    answers = burst(small_home, small_recommender, paths, deadline_ms=20, cache_ttl_seconds=0)
    assert {answer.status_code for answer in answers[N : 2 * N]} == {200}


def test_a_slow_body_keeps_nobody_waiting(serve: Callable[..., httpx.Client], metric: Any) -> None:
    """Clients that begin a body and do not end it have no turn."""
    client = serve()

    async def slow() -> None:
        port = client.base_url.port
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        for _, writer in held:
            writer.write(b"POST /recommendations HTTP/1.1\r\nhost: s\r\ncontent-length: 50\r\n\r\n{")
            await writer.drain()
        answer = await asyncio.to_thread(client.get, f"/recommendations/{USER}")
        assert answer.status_code == 200
        for _, writer in held:
            writer.close()

    asyncio.run(slow())
    assert client.post("/recommendations", json={"user_id": USER}).status_code == 200
    assert metric(client, 'shortlist_admissions_total{outcome="full"}') >= 2
