"""How a request is refused: ``{"detail": ..., "code": "UPPER_SNAKE"}`` with a stable code, whatever went wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shortlist.errors import NotReady, RequestError

MAX_SHOWN = 80

HTTP_CODES: Final = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
NO_SUCH_PATH: Final = "There is nothing at this path. /docs lists what there is."


class InvalidParameter(RequestError):
    """A parameter's value is outside what is allowed."""

    code = "INVALID_PARAMETER"


class UnknownScenario(RequestError):
    """There is no scenario of this name."""

    code = "UNKNOWN_SCENARIO"


class InvalidBody(RequestError):
    """A request's body is not what it should be."""

    code = "INVALID_BODY"


class BodyTooLarge(RequestError):
    """A request's body is too long."""

    code = "BODY_TOO_LARGE"


class TooManyEvents(RequestError):
    """More events wait to be kept than can be kept soon."""

    code = "TOO_MANY_EVENTS"


class JournalUnavailable(RequestError):
    """The journal of events cannot be written."""

    code = "JOURNAL_UNAVAILABLE"


class RegisterUnavailable(RequestError):
    """The register of what has changed cannot be written."""

    code = "REGISTER_UNAVAILABLE"


class AlreadyMerged(RequestError):
    """Two users are one already, the other way round."""

    code = "ALREADY_MERGED"


class Overloaded(RequestError):
    """More is asked for than can be answered in time."""

    code = "OVERLOADED"


class Unauthorized(RequestError):
    """The API key is missing or wrong."""

    code = "UNAUTHORIZED"


STATUS: Final[tuple[tuple[type[RequestError], int], ...]] = (
    (Unauthorized, 401),
    (AlreadyMerged, 409),
    (BodyTooLarge, 413),
    (TooManyEvents, 429),
    (JournalUnavailable, 503),
    (RegisterUnavailable, 503),
    (NotReady, 503),
    (Overloaded, 503),
    (RequestError, 422),
)
"""The one table of HTTP statuses; the first class that fits counts."""


HEADERS: Final[dict[int, dict[str, str]]] = {
    401: {"WWW-Authenticate": "ApiKey"},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}


def error_response(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The body of every error."""
    body = orjson.dumps({"detail": detail, "code": code})
    return Response(body, status, headers=dict(headers or {}), media_type="application/json")


def refusal(error: RequestError) -> Response:
    """The answer to a request that cannot be met."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    return error_response(status, error.code, str(error), HEADERS.get(status))


def shown(value: object) -> str:
    """A value as a message shows it: quoted, cut when it is long, and without surrogates."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def add_error_handlers(app: FastAPI, allowed: Mapping[str, str]) -> None:
    """Answer every error in the one form.

    Parameters
    ----------
    allowed : mapping of str to str
        For each parameter, what it may hold, to complete the sentence "Give ...".
    """

    async def on_request_error(_request: Request, error: Exception) -> Response:
        return refusal(error) if isinstance(error, RequestError) else server_error()

    async def on_validation_error(_request: Request, error: Exception) -> Response:
        mistakes = error.errors() if isinstance(error, RequestValidationError) else []
        return refusal(InvalidParameter(_describe(mistakes, allowed)))

    async def on_http_error(_request: Request, error: Exception) -> Response:
        return _http_error(error) if isinstance(error, HTTPException) else server_error()

    app.add_exception_handler(RequestError, on_request_error)
    app.add_exception_handler(RequestValidationError, on_validation_error)
    app.add_exception_handler(HTTPException, on_http_error)


def server_error() -> Response:
    """The answer when the fault is ours; what happened is in the log, under the request's id."""
    detail = "The request failed inside the service. Its X-Request-ID finds the reason in the service's log."
    return error_response(500, "INTERNAL", detail)


def _http_error(error: HTTPException) -> Response:
    if error.status_code == 400:  # the one that FastAPI raises: a body that is no text
        return refusal(InvalidBody("The body is not JSON in UTF-8. Send an object of parameters."))
    code = HTTP_CODES.get(error.status_code, f"HTTP_{error.status_code}")
    detail = NO_SUCH_PATH if error.status_code == 404 else f"{error.detail}."
    return error_response(error.status_code, code, detail, error.headers)


def _describe(mistakes: Sequence[Any], allowed: Mapping[str, str]) -> str:
    """One sentence pair for each mistake: the parameter, its value, what is allowed."""
    sentences = []
    for mistake in mistakes:
        name = str(mistake["loc"][1]) if len(mistake["loc"]) > 1 else "request"
        remedy = f" Give {allowed[name]}." if name in allowed else ""
        sentences.append(f"{name}: {shown(mistake['input'])} is not allowed.{remedy}")
    return " ".join(dict.fromkeys(sentences))
