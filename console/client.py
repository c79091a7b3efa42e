"""The service as the console asks it: over HTTP, with the console's key."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final
from urllib.parse import quote

import httpx

from console.settings import ConsoleSettings

TIMEOUT_SECONDS: Final = 5.0
Parameters = Sequence[tuple[str, str]]


class ServiceFault(Exception):
    """The service refused, failed, or did not answer. The message says which."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class StorefrontAnswer:
    """What the storefront would get, how long it took in milliseconds, and where it came from."""

    url: str
    content: Mapping[str, Any]
    milliseconds: float
    cache: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call of the service as a shop makes it, and its answer; the path holds the query."""

    method: str
    path: str
    body: object
    content: Mapping[str, Any]
    milliseconds: float
    cache: str


@dataclass(frozen=True, slots=True)
class Customer:
    """Everything about one customer, asked for at the same time."""

    history: Mapping[str, Any]
    both_stages: Mapping[str, Any]
    stage_one: Mapping[str, Any]
    answer: StorefrontAnswer


class ServiceClient:
    """Asks the service; every method raises `ServiceFault` when there is no good answer."""

    def __init__(self, settings: ConsoleSettings) -> None:
        self._api_key = settings.api_key
        self._http = httpx.AsyncClient(
            base_url=settings.service_url,
            headers={"X-Console-Key": settings.key} | ({"X-API-Key": self._api_key} if self._api_key else {}),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def customer(self, user_id: str, filters: Parameters, version: str | None) -> Customer:
        """A customer's history, both lists, and the storefront's answer."""
        path = f"/users/{_quoted(user_id)}"
        versioned = [("version", version)] if version else []
        history, both, one, answer = await asyncio.gather(
            self._json(f"{path}/history", versioned),
            self._json(f"{path}/list", [*filters, *versioned, ("explain", "true")]),
            self._json(f"{path}/list", [*_deepest(filters), *versioned, ("stage", "retrieval")]),
            self._storefront(user_id, filters),
        )
        return Customer(history, both, one, answer)

    async def samples(self, kinds: Sequence[str], n: int) -> dict[str, list[dict[str, Any]]]:
        """Customers of each kind."""
        found = await asyncio.gather(*(self._json("/users", [("sample", kind), ("n", str(n))]) for kind in kinds))
        return {kind: one["users"] for kind, one in zip(kinds, found, strict=True)}

    async def readiness(self) -> Mapping[str, Any]:
        """What serves, and its cache."""
        return await self._json("/health/ready", [])

    async def metrics(self) -> str:
        """The figures since the start, as Prometheus text."""
        return (await self._get("/metrics", [])).text

    async def ask(self, path: str, parameters: Parameters) -> Exchange:
        """Ask for a list."""
        return await self._exchange(self._http.build_request("GET", path, params=list(parameters)), None)

    async def send(self, events: Sequence[Mapping[str, str]]) -> Exchange:
        """Send events."""
        return await self._exchange(self._http.build_request("POST", "/events", json=events), events)

    async def _exchange(self, request: httpx.Request, body: object) -> Exchange:
        began = perf_counter()
        response = await self._send(request)
        milliseconds = (perf_counter() - began) * 1000
        path = request.url.raw_path.decode("ascii")
        cache = response.headers.get("X-Cache", "")
        return Exchange(request.method, path, body, response.json(), milliseconds, cache)

    async def _storefront(self, user_id: str, filters: Parameters) -> StorefrontAnswer:
        began = perf_counter()
        response = await self._get(f"/recommendations/{_quoted(user_id)}", [*filters, ("titles", "true")])
        milliseconds = (perf_counter() - began) * 1000
        return StorefrontAnswer(
            str(response.url), response.json(), milliseconds, response.headers.get("X-Cache", "unknown")
        )

    async def _json(self, path: str, parameters: Parameters) -> Mapping[str, Any]:
        content: Mapping[str, Any] = (await self._get(path, parameters)).json()
        return content

    async def _get(self, path: str, parameters: Parameters) -> httpx.Response:
        return await self._send(self._http.build_request("GET", path, params=list(parameters)))

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._http.send(request)
        except httpx.HTTPError as error:
            where = self._http.base_url
            raise ServiceFault(f"The service at {where} does not answer ({type(error).__name__}).", 502) from error
        if response.is_error:
            raise ServiceFault(_detail(response), response.status_code)
        return response


def _quoted(user_id: str) -> str:
    return quote(user_id, safe="")


def _deepest(filters: Parameters) -> list[tuple[str, str]]:
    """The filters with as long a list as the service gives, so that moves are seen over most of it."""
    return [(name, value) for name, value in filters if name != "limit"] + [("limit", "100")]


def _detail(response: httpx.Response) -> str:
    try:
        return f"The service says: {response.json()['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"The service answered with status {response.status_code}."
