"""The real application behind a real socket, in a thread of the test's process."""

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator

import httpx
from fastapi import FastAPI

from serving.listening import listen
from serving.server import Server
from serving.settings import ServingConfig
from shortlist.home import Home

START_SECONDS = 10.0
PATIENT_MS = 60_000


def patient(**config: object) -> ServingConfig:
    """The table [serving] as shipped, but for what is named and a deadline that no slow machine misses."""
    return ServingConfig.model_validate({"deadline_ms": PATIENT_MS} | config)


@contextlib.contextmanager
def live_service(app: FastAPI, headers: dict[str, str] | None = None) -> Iterator[httpx.Client]:
    """Serve an application while the block runs; yields a client whose base is the service."""
    with listen("127.0.0.1", 0) as listener:
        server = Server(app, None, drain_seconds=0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener.socket]})
        thread.start()
        try:
            _wait(server, thread)
            with httpx.Client(base_url=listener.url, headers=headers, timeout=30, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def _wait(server: Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise TimeoutError("the service did not start")
        time.sleep(0.005)


def clear_live(home: Home) -> None:
    """Take away what a service has written into a home that tests share."""
    for path in (*home.root.glob("journal.db*"), *home.root.glob("register.db*")):
        path.unlink()
    shutil.rmtree(home.exposures, ignore_errors=True)
