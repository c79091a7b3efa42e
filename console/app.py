"""The console's application: server-rendered pages, nothing loaded from elsewhere, and no script within them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from console.client import Exchange, ServiceClient, ServiceFault
from console.filters import Filters, limits_up_to
from console.gate import COOKIE, cookie_of, is_key, may_look
from console.reports import manifest_of, newest_report
from console.room import change_version, days_of, imports_of, quality_of, readouts_of, versions_of
from console.settings import ConsoleSettings
from console.shop import Visit, example_of, form_token, read_click, shelves_of
from console.views import cards_of, curl_of, in_words, json_of, traffic_of

HERE: Final = Path(__file__).parent
SAMPLES: Final = ("heavy", "light", "lapsed")
SAMPLE_SIZE: Final = 3
STRANGER: Final = "somebody new"
MAX_FORM_BYTES: Final = 4_096
MAX_SHOP_FORM_BYTES: Final = 2**16

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

KEPT: Final = {"Cache-Control": "public, max-age=3600"}

Next = Callable[[Request], Awaitable[Response]]

PAGES: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters["in_words"] = in_words
PAGES.filters["in_path"] = lambda text: quote(text, safe="")


def create_app(settings: ConsoleSettings) -> Starlette:
    """Make the application."""
    app = Starlette(
        routes=[
            Route("/", front),
            Route("/sign-in", sign_in, methods=["POST"]),
            Route("/customers", find_customer),
            Route("/customers/{user_id:path}", customer_page),
            Route("/shop/{user_id:path}", shop_window, methods=["GET"]),
            Route("/shop/{user_id:path}", press_button, methods=["POST"]),
            Route("/days", days_page),
            Route("/versions", versions_page),
            Route("/versions", press_version, methods=["POST"]),
            Route("/imports", imports_page),
            Route("/experiments", experiments_page),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guarded(settings))],
        exception_handlers={ServiceFault: _fault, 404: _nothing_here},
        lifespan=_lifespan(settings),
    )
    app.state.settings = settings
    return app


async def front(request: Request) -> Response:
    """What serves, how it does, and customers to begin with."""
    client, home = _client(request), request.app.state.settings.home
    ready, samples = await client.readiness(), await client.samples(SAMPLES, SAMPLE_SIZE)
    metrics = await client.metrics()
    return _page(
        "front.html",
        request,
        ready=ready,
        manifest=manifest_of(home, ready["model_version"]),
        report=newest_report(home),
        traffic=traffic_of(metrics),
        samples=samples,
        stranger=STRANGER,
    )


async def find_customer(request: Request) -> Response:
    """From the form's field to the customer's page."""
    user_id = request.query_params.get("user", "").strip()
    return RedirectResponse(f"/customers/{quote(user_id, safe='')}" if user_id else "/", status_code=303)


async def customer_page(request: Request) -> Response:
    """A customer's history beside the list, and why it is so."""
    user_id, most = request.path_params["user_id"], request.app.state.settings.max_limit
    filters = Filters.read(request.query_params, most)
    client = _client(request)
    customer = await client.customer(user_id, filters.parameters(), filters.version)
    ready = await client.readiness()
    return _page(
        "customer.html",
        request,
        user_id=user_id,
        customer=customer,
        cards=cards_of(customer),
        filters=filters,
        limits=limits_up_to(most),
        versions=[ready["model_version"], *ready["experiment_versions"]],
        curl=curl_of(customer.answer, has_key=request.app.state.settings.api_key is not None),
        answer_json=json_of(customer.answer),
    )


async def shop_window(request: Request) -> Response:
    """The customer's lists as a shop would show them."""
    return await _window(request, Visit(), [])


async def press_button(request: Request) -> Response:
    """Send the events that a click stands for, and show what comes of it."""
    token = form_token(request.app.state.settings.key)
    try:
        click = read_click(await _form(request, MAX_SHOP_FORM_BYTES), request.path_params["user_id"], token)
    except ValueError as error:
        return _page("fault.html", request, 422, message=f"This form cannot be read: {error}.")
    sent = [await _client(request).send(click.events)] if click.events else []
    return await _window(request, click.visit, sent)


async def _window(request: Request, visit: Visit, sent: list[Exchange]) -> Response:
    user_id = request.path_params["user_id"]
    shelves = await shelves_of(_client(request), user_id, visit)
    return _page(
        "shop.html",
        request,
        user_id=user_id,
        visit=visit,
        shelves=shelves,
        calls=[example_of(one) for one in (*sent, *(shelf.exchange for shelf in shelves))],
        token=form_token(request.app.state.settings.key),
        nonce=uuid4().hex,
    )


async def days_page(request: Request) -> Response:
    """What monitoring found, day by day."""
    reports, charts = await run_in_threadpool(days_of, request.app.state.settings.home)
    return _page("days.html", request, reports=reports, charts=charts)


async def versions_page(request: Request) -> Response:
    """The bundles, and which of them serves."""
    return await _versions(request, "")


async def press_version(request: Request) -> Response:
    """Publish a version, or go back to the one before."""
    form = parse_qs(await _form(request, MAX_FORM_BYTES))
    if not is_key(form_token(request.app.state.settings.key), form.get("token", [""])[0]):
        return _page("fault.html", request, 422, message="This form is out of date. Load the page again.")
    try:
        said = await change_version(request.app.state.settings.home, form)
    except ValueError as error:
        return _page("fault.html", request, 422, message=f"This form cannot be read: {error}.")
    return await _versions(request, said)


async def _versions(request: Request, said: str) -> Response:
    settings = request.app.state.settings
    versions = await run_in_threadpool(versions_of, settings.home)
    return _page(
        "versions.html",
        request,
        versions=versions,
        quality=quality_of(versions),
        said=said,
        token=form_token(settings.key),
    )


async def imports_page(request: Request) -> Response:
    """What was imported and what was set aside."""
    return _page("imports.html", request, imports=await run_in_threadpool(imports_of, request.app.state.settings.home))


async def experiments_page(request: Request) -> Response:
    """What experiments were read out to change."""
    found = await run_in_threadpool(readouts_of, request.app.state.settings.home)
    return _page("experiments.html", request, readouts=found)


async def sign_in(request: Request) -> Response:
    """Take the key from the form."""
    keys = parse_qs(await _form(request, MAX_FORM_BYTES)).get("key", [""])
    if is_key(request.app.state.settings.key, keys[0]):
        return _signed_in(request.app.state.settings, "/")
    return _page("sign_in.html", request, 401, is_wrong=True)


async def _form(request: Request, most: int) -> str:
    """A form as it was sent, cut where it is longer than any of ours."""
    given = ""
    async for part in request.stream():
        given += part.decode("latin-1")
        if len(given) > most:
            break
    return given[:most]


def _guarded(settings: ConsoleSettings) -> Callable[[Request, Next], Awaitable[Response]]:
    """Let in who has the cookie or brings the key, and put the headers on every answer."""

    async def guard(request: Request, go_on: Next) -> Response:
        response = await _answer(request, go_on)
        response.headers.update(HEADERS | (KEPT if request.url.path.startswith("/static/") else {}))
        return response

    async def _answer(request: Request, go_on: Next) -> Response:
        given = request.query_params.get("key")
        if given is not None and is_key(settings.key, given):
            rest = [(name, value) for name, value in request.query_params.multi_items() if name != "key"]
            return _signed_in(settings, request.url.path + (f"?{urlencode(rest)}" if rest else ""))
        is_open = request.url.path.startswith("/static/") or request.url.path == "/sign-in"
        if is_open or may_look(request, settings.key):
            return await go_on(request)
        return _page("sign_in.html", request, 401, is_wrong=given is not None)

    return guard


def _signed_in(settings: ConsoleSettings, where: str) -> Response:
    response = RedirectResponse(where, status_code=303)
    response.set_cookie(COOKIE, cookie_of(settings.key), httponly=True, samesite="strict", max_age=7 * 86_400)
    return response


def _lifespan(settings: ConsoleSettings) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.client = ServiceClient(settings)
        try:
            yield
        finally:
            await app.state.client.close()

    return lifespan


def _client(request: Request) -> ServiceClient:
    client: ServiceClient = request.app.state.client
    return client


async def _fault(request: Request, error: Exception) -> Response:
    """The page that says what is wrong with the service, or what it refused."""
    status = error.status if isinstance(error, ServiceFault) else 500
    return _page("fault.html", request, status if status in {404, 422} else 502, message=str(error))


async def _nothing_here(request: Request, _error: Exception) -> Response:
    return _page("fault.html", request, 404, message="There is no such page.")


def _page(name: str, request: Request, status: int = 200, **content: Any) -> HTMLResponse:
    service_url = request.app.state.settings.service_url
    return HTMLResponse(PAGES.get_template(name).render(service_url=service_url, **content), status)
