"""Running the application: one process, or several that share a socket, the bundle's pages and their figures."""

import os
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from monitoring.counters import FOLDER_VARIABLE
from monitoring.logs import logging_config
from serving.app import create_app
from serving.fellows import RUN_FOLDER_VARIABLE
from serving.http import BoundedHttp
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.errors import ShortlistError

FACTORY: Final = "serving.app:create_app_from_environment"
BACKLOG: Final = 2048
SERVER_OPTIONS: Final[dict[str, Any]] = {
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": 10,
    "loop": "uvloop",
    "http": BoundedHttp,
}
ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens already: requests wait in its backlog until somebody accepts them."""

    socket: socket.socket
    url: str


@contextmanager
def listen(host: str, port: int) -> Iterator[Listener]:
    """Listen on an address; port 0 takes a free one.

    Accepted connections inherit TCP_NODELAY. Without it the body of an answer waits for the client's acknowledgement of
    the headers, which systems delay by 40 ms: asyncio sets the option only on sockets that name their protocol.

    Raises
    ------
    ShortlistError
        When the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ShortlistError(
            f"{host}:{port}: cannot listen there ({os.strerror(error.errno or 0)}). Choose another --host or --port."
        ) from error
    with listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        shown_host = f"[{host}]" if family == socket.AF_INET6 else host
        yield Listener(listening, f"http://{shown_host}:{listening.getsockname()[1]}")


def run_one(settings: ServiceSettings, service: Service, listener: Listener) -> None:
    """Answer in this process, from a service that is loaded, until SIGINT or SIGTERM.

    Raises
    ------
    ShortlistError
        When the server does not start.
    """
    config = uvicorn.Config(create_app(settings, service), log_config=logging_config(), **SERVER_OPTIONS)
    server = uvicorn.Server(config)
    with _stopping_quietly():
        server.run(sockets=[listener.socket])
    if not server.started:
        raise ShortlistError("The server did not start; its log says why.")


def run_many(settings: ServiceSettings, workers: int, listener: Listener) -> None:
    """Answer in several processes, each of which loads the service, until SIGINT or SIGTERM.

    Raises
    ------
    ShortlistError
        When a process does not start.
    """
    with tempfile.TemporaryDirectory(prefix="shortlist-metrics-") as folder:
        shared = {FOLDER_VARIABLE: folder, RUN_FOLDER_VARIABLE: folder}
        with _environment(settings.to_environment() | ONE_THREAD | shared):
            config = uvicorn.Config(
                FACTORY, factory=True, workers=workers, log_config=logging_config(), **SERVER_OPTIONS
            )
            listener.socket.set_inheritable(True)
            supervisor = Multiprocess(config, sockets=[listener.socket])
            supervisor.run()
        if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
            raise ShortlistError("A worker did not start; its log says why.")


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _stopping_quietly() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does. uvicorn raises a signal again once it has shut down in order."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
