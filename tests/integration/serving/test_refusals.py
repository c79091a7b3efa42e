"""Errors: one form, stable codes, details that say what to do, and never a 500 for what a client sends."""

import http.client
import json
import logging
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest

from ranking.recommender import Recommender
from serving.app import create_app
from serving.parameters import MAX_USER_ID_CHARACTERS
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.home import Home

Serve = Callable[..., httpx.Client]
URL = "/recommendations/user-000"


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """Check the form of an error, and give its detail."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"detail", "code"}
    assert answer.json()["code"] == code
    assert "x-request-id" in answer.headers
    return str(answer.json()["detail"])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=0", ("limit", "'0'", "1 to 100")),
        ("limit=101", ("limit", "'101'", "1 to 100")),
        ("k=abc", ("k", "'abc'", "1 to 100")),
        ("limit=", ("limit", "''", "1 to 100")),
        ("limit=1e3", ("limit", "1e3", "1 to 100")),
        ("limit=99999999999999999999999", ("limit", "1 to 100")),
        ("offset=-1", ("offset", "'-1'", "0 to 400")),
        ("offset=401", ("offset", "'401'", "0 to 400")),
        ("in_stock=maybe", ("in_stock", "'maybe'", "true or false")),
        ("category=", ("category", "1 to 512")),
        (f"category={'x' * 513}", ("category", "1 to 512")),
        ("&".join(f"category={n}" for n in range(21)), ("category", "at most 20")),
        ("&".join(f"exclude={n}" for n in range(501)), ("exclude", "at most 500")),
        (f"exclude={'x' * 257}", ("exclude", "1 to 256")),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(client: httpx.Client, query: str, words: tuple[str, ...]) -> None:
    """The detail names the parameter, the value and the allowed range, and stays short."""
    detail = refused(client.get(f"{URL}?{query}"), 422, "INVALID_PARAMETER")
    assert all(word in detail for word in words), detail
    assert len(detail) < 400


def test_the_limits_follow_the_configuration(serve: Serve) -> None:
    """What is configured is what is refused and what is said."""
    client = serve(max_limit=20, max_offset=5)
    assert "1 to 20" in refused(client.get(f"{URL}?limit=21"), 422, "INVALID_PARAMETER")
    assert "0 to 5" in refused(client.get(f"{URL}?offset=6"), 422, "INVALID_PARAMETER")


def test_an_unknown_scenario_is_refused_with_those_there_are(client: httpx.Client) -> None:
    """The detail lists the scenarios."""
    assert "buy_again" in refused(client.get(f"{URL}?scenario=checkout"), 422, "UNKNOWN_SCENARIO")


@pytest.mark.parametrize("encoded", ["a%00b", "%00", "a%0Ab", "a%0A", "%7F", "%ED%A0%80", "%FF", "a%C3"])
@pytest.mark.parametrize("place", ["path", "query"])
def test_what_is_not_text_is_refused(client: httpx.Client, encoded: str, place: str) -> None:
    """NUL, control characters, lone surrogates and broken UTF-8 are a 422 wherever they stand."""
    host = client.base_url
    target = f"/recommendations/{encoded}" if place == "path" else f"{URL}?exclude={encoded}"
    connection = http.client.HTTPConnection(host.host, host.port or 80, timeout=10)
    connection.request("GET", target)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    assert answer.status == 422
    assert body["code"] == "INVALID_PARAMETER"


@pytest.mark.parametrize("user_id", ["", "x" * 257, "é" * 257])
def test_an_empty_or_endless_user_is_refused(client: httpx.Client, user_id: str) -> None:
    """An id has 1 to 256 characters."""
    answer = client.get(f"/recommendations/{quote(user_id)}")
    assert "1 to 256" in refused(answer, 422, "INVALID_PARAMETER")


@pytest.mark.parametrize("path", ["/nothing", "/recommend", "/health", "/popular/"])
def test_an_unknown_path_is_not_found(client: httpx.Client, path: str) -> None:
    """What is not there is a 404 in the one form, never a redirect."""
    refused(client.get(path), 404, "NOT_FOUND")


@pytest.mark.parametrize("path", [URL, "/popular", "/health/live", "/metrics"])
def test_a_wrong_method_is_not_allowed(client: httpx.Client, path: str) -> None:
    """POST where only GET is, is a 405 that says what is allowed."""
    answer = client.post(path)
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET"


def test_with_a_key_lists_need_it_and_health_does_not(serve: Serve) -> None:
    """Without the right key lists and experiments are refused; health, metrics and description are not."""
    client = serve(api_key="sésame-1")
    for path in (URL, "/popular", "/experiments/assignment/u", f"{URL}?limit=0"):
        for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "sesame"}):
            answer = client.get(path, headers=headers)
            assert "X-API-Key" in refused(answer, 401, "UNAUTHORIZED")
            assert "www-authenticate" in answer.headers
        assert client.get(path, headers={"X-API-Key": "sésame-1".encode()}).status_code in {200, 422}
    for path in ("/", "/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 200


def test_a_query_read_before_is_still_refused_without_the_key_or_with_a_wrong_user(serve: Serve) -> None:
    """What is remembered is the query string alone: the key and the user's id are looked at each time."""
    client = serve(api_key="sesame")
    for path in (f"{URL}?limit=3", "/popular?limit=3"):
        first, second = (client.get(path, headers={"X-API-Key": "sesame"}) for _ in range(2))
        assert first.json()["items"] == second.json()["items"]
        assert len(first.json()["items"]) == 3
        refused(client.get(path), 401, "UNAUTHORIZED")
        refused(client.get(path, headers={"X-API-Key": "wrong"}), 401, "UNAUTHORIZED")
    too_long = "/recommendations/" + "u" * (MAX_USER_ID_CHARACTERS + 1) + "?limit=3"
    assert "user_id" in refused(client.get(too_long, headers={"X-API-Key": "sesame"}), 422, "INVALID_PARAMETER")
    empty = client.get("/recommendations/?limit=3", headers={"X-API-Key": "sesame"})
    assert "user_id" in refused(empty, 422, "INVALID_PARAMETER")


def test_before_a_bundle_is_loaded_nothing_is_ready(small_home: Home) -> None:
    """Until the application has started lists and readiness are 503, and the process is alive."""
    import asyncio

    app = create_app(ServiceSettings(small_home))

    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app)  # sends no start-up, so nothing is loaded
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.get(path)

    for path in (URL, "/popular", "/experiments/assignment/u", "/health/ready"):
        refused(asyncio.run(ask(path)), 503, "NOT_READY")
    assert asyncio.run(ask("/health/live")).status_code == 200


def test_a_fault_of_ours_is_a_500_that_shows_nothing(
    serve: Serve, small_recommender: Recommender, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer holds no internals; the log has the traceback under the request's id."""
    client = serve()

    def fail(*_arguments: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(Service, "plan", fail)
    with caplog.at_level(logging.ERROR, logger="shortlist"):
        answer = client.get(URL, headers={"X-Request-ID": "find-me"})
    assert "secret" not in refused(answer, 500, "INTERNAL")
    assert answer.headers["x-request-id"] == "find-me"
    record = next(record for record in caplog.records if record.exc_info)
    assert record.__dict__["fields"]["request_id"] == "find-me"
    monkeypatch.undo()
    assert client.get(URL).status_code == 200
