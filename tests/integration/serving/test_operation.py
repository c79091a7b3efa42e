"""Headers, health, figures, log and description."""

import json
import logging
import re
from collections.abc import Callable

import httpx
import pytest

from monitoring.logs import JsonFormatter
from ranking.recommender import Recommender

Serve = Callable[..., httpx.Client]
Metric = Callable[[httpx.Client, str], float]
URL = "/recommendations/user-000"


@pytest.mark.parametrize("path", [URL, f"{URL}?limit=0", "/nothing", "/health/live", "/metrics"])
def test_a_request_id_comes_back(client: httpx.Client, path: str) -> None:
    """An id that is plain text is echoed, on errors too."""
    assert client.get(path, headers={"X-Request-ID": "trace 42!"}).headers["x-request-id"] == "trace 42!"


@pytest.mark.parametrize("given", [b"", b"x" * 129, "é".encode(), b"a\tb"])
def test_a_request_id_that_is_none_is_replaced(client: httpx.Client, given: bytes) -> None:
    """What is not printable ASCII of bearable length gives way to a fresh id."""
    found = client.get(URL, headers={"X-Request-ID": given}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", found)


def test_request_ids_are_made_when_missing(client: httpx.Client) -> None:
    """Two requests without an id get two."""
    assert client.get(URL).headers["x-request-id"] != client.get(URL).headers["x-request-id"]


@pytest.mark.parametrize("path", [URL, f"{URL}?limit=0", "/nothing"])
def test_every_answer_names_the_model(client: httpx.Client, small_recommender: Recommender, path: str) -> None:
    """X-Model-Version is there on success and on errors."""
    assert client.get(path).headers["x-model-version"] == small_recommender.version


def test_readiness_names_the_bundle_and_the_cache(client: httpx.Client, small_recommender: Recommender) -> None:
    """Ready means: this bundle is loaded; the cache is shown beside it."""
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "model_version": small_recommender.version,
        "experiment_versions": [],
        "scorer": "compiled",
        "reload_failure": None,
        "cache": {"backend": "memory", "reachable": True},
    }


def test_figures_count_what_happened(client: httpx.Client, metric: Metric) -> None:
    """Requests by route and status class, lists by source, cache hits and misses add up."""
    for path in (URL, URL, "/recommendations/nobody", f"{URL}?limit=0", "/nothing"):
        client.get(path)
    route = 'shortlist_http_requests_total{method="GET",route="/recommendations/{user_id}",status='
    assert metric(client, f'{route}"2xx"') == 3
    assert metric(client, f'{route}"4xx"') == 1
    assert metric(client, 'shortlist_http_requests_total{method="GET",route="unmatched",status="4xx"') == 1
    assert metric(client, 'shortlist_lists_total{source="personalized"') == 2
    assert metric(client, 'shortlist_lists_total{source="popular"') == 1
    assert metric(client, 'shortlist_cache_hits_total{backend="memory"') == 1
    assert metric(client, 'shortlist_cache_misses_total{backend="memory"') == 2
    assert metric(client, "shortlist_cache_errors_total") == 0
    assert metric(client, 'shortlist_http_request_seconds_count{route="/recommendations/{user_id}"') == 4


def test_no_user_reaches_figures_or_log(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the figures nor the log lines hold a user's id, an item's id or a query."""
    with caplog.at_level(logging.INFO, logger="shortlist"):
        client.get("/recommendations/anna%40example.com?exclude=secret-item")
        client.get("/experiments/assignment/anna%40example.com")
        client.get("/wrong/anna%40example.com")
        client.get("/health/live")  # its answer comes after the lines of the requests before it
    lines = [JsonFormatter().format(record) for record in caplog.records if record.name.startswith("shortlist")]
    assert [json.loads(line)["route"] for line in lines][:3] == [
        "/recommendations/{user_id}",
        "/experiments/assignment/{user_id}",
        "unmatched",
    ]
    for text in (*lines, client.get("/metrics").text):
        assert "anna" not in text
        assert "secret-item" not in text


def test_the_log_can_be_switched_off(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Without access_log a request writes nothing."""
    client = serve(access_log=False)
    with caplog.at_level(logging.INFO, logger="shortlist"):
        client.get(URL)
        client.get("/health/live")
    assert not [record for record in caplog.records if record.name == "shortlist.access"]


def test_the_description_has_examples_for_success_and_errors(client: httpx.Client) -> None:
    """OpenAPI shows an example of each answer, and every parameter has a description."""
    description = client.get("/openapi.json").json()
    operation = description["paths"]["/recommendations/{user_id}"]["get"]
    assert operation["responses"]["200"]["content"]["application/json"]["example"]["items"]
    for status in ("422", "500", "503"):
        assert operation["responses"][status]["content"]["application/json"]["examples"]
    assert all(parameter["description"] for parameter in operation["parameters"])
    limit = next(parameter for parameter in operation["parameters"] if parameter["name"] == "limit")
    assert "1 to 100" in limit["description"]


def test_the_example_answer_is_shaped_like_a_real_one(client: httpx.Client) -> None:
    """The documented example and a real answer have the same fields of the same types."""
    from serving.schemas import RECOMMENDATION_EXAMPLE, RecommendationAnswer

    answer = client.get(URL).json()
    assert list(answer) == list(RECOMMENDATION_EXAMPLE)
    assert list(answer["items"][0]) == list(RECOMMENDATION_EXAMPLE["items"][0])
    RecommendationAnswer.model_validate(answer)


def test_the_root_says_where_things_are(client: httpx.Client) -> None:
    """Every link that needs no user leads somewhere."""
    links = client.get("/").json()["links"]
    for link in links.values():
        assert client.get(link.replace("{user_id}", "u")).status_code == 200


@pytest.mark.parametrize("path", ["/recommendations/user-001", "/popular", "/health/ready", "/metrics", "/nothing"])
def test_head_is_get_without_the_body(client: httpx.Client, path: str) -> None:
    """The same status and length, and nothing behind the headers; the figures tell the two apart."""
    whole = client.get(path, headers={"Accept-Encoding": "identity"})
    head = client.head(path, headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (whole.status_code, b"")
    if path != "/metrics":
        assert head.headers["content-length"] == str(len(whole.content))
    assert 'method="HEAD"' in client.get("/metrics").text


def test_long_answers_are_compressed_for_those_who_take_it(client: httpx.Client) -> None:
    """From a kilobyte on, whether the list was made or found; what is kept is not compressed."""
    path = "/recommendations/user-001?limit=50"
    answers = [client.get(path, headers={"Accept-Encoding": coding}) for coding in ("gzip", "gzip", "identity")]
    assert [answer.headers.get("content-encoding") for answer in answers] == ["gzip", "gzip", None]
    assert [answer.headers["x-cache"] for answer in answers] == ["miss", "hit", "hit"]
    assert len({str(answer.json()["items"]) for answer in answers}) == 1
    assert "content-encoding" not in client.get("/health/live", headers={"Accept-Encoding": "gzip"}).headers


def test_pages_of_named_origins_may_ask(serve: Serve) -> None:
    """Their preflight is allowed the key; another origin's is not, nor is anybody's where none is named."""
    client = serve(cors_origins=["https://shop.example"])
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "X-API-Key"}
    allowed = client.options("/popular", headers=asked | {"Origin": "https://shop.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    assert "X-API-Key" in allowed.headers["access-control-allow-headers"]
    assert client.options("/popular", headers=asked | {"Origin": "https://other.example"}).status_code == 400
    plain = serve().get("/popular", headers={"Origin": "https://shop.example"})
    assert "access-control-allow-origin" not in plain.headers


def test_the_figures_of_the_home_are_among_the_others(client: httpx.Client) -> None:
    """How old what serves is, and what waits to be stored."""
    text = client.get("/metrics").text
    assert "shortlist_bundle_data_end_timestamp_seconds 1." in text
    assert "shortlist_journal_waiting" in text
