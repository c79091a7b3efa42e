"""The console of the small shop, with a real service behind it."""

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import uvicorn
from live_service import clear_live, live_service, patient
from playwright.sync_api import Browser, sync_playwright

from console.app import create_app
from console.settings import ConsoleSettings
from experiments.config import ExperimentsConfig
from ranking.recommender import Recommender
from serving.app import create_app as create_service
from serving.listening import listen
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.home import Home

KEY = "the console's key"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium: install Debian's chromium, or name one with CHROMIUM")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[*arguments, "--disable-sync"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def service(small_home: Home, small_recommender: Recommender) -> Iterator[httpx.Client]:
    """The service, with keys."""
    settings = ServiceSettings(small_home, patient(), api_key="a", console_key=KEY)
    with live_service(create_service(settings, Service(small_recommender, {}, ExperimentsConfig()))) as client:
        yield client
    clear_live(small_home)


@pytest.fixture(scope="module")
def console_url(service: httpx.Client, small_home: Home) -> Iterator[str]:
    """Where the console answers."""
    with running(ConsoleSettings(str(service.base_url).rstrip("/"), KEY, "a", small_home.root)) as url:
        yield url


@pytest.fixture
def console(console_url: str) -> Iterator[httpx.Client]:
    """A browser without scripts that has shown the key."""
    with httpx.Client(base_url=console_url, timeout=10, follow_redirects=True, trust_env=False) as client:
        client.get("/", params={"key": KEY})
        yield client


@pytest.fixture
def console_of() -> Iterator[Callable[[ConsoleSettings], str]]:
    """Start a console of one's own."""
    with contextlib.ExitStack() as stack:
        yield lambda settings: stack.enter_context(running(settings))


@contextlib.contextmanager
def running(settings: ConsoleSettings) -> Iterator[str]:
    """Serve a console in a thread of the test's process."""
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None, server_header=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener.socket]})
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        try:
            yield listener.url
        finally:
            server.should_exit = True
            thread.join()
