"""The console as a process of its own, which ends with the process that started it."""

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait

import uvicorn

from console.app import create_app
from console.settings import ConsoleSettings
from monitoring.logs import logging_config

STOP_SECONDS = 5.0


@contextmanager
def running_console(settings: ConsoleSettings, listening: socket.socket) -> Iterator[None]:
    """Answer on a socket that listens already, in another process, while the block runs."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_run, args=(settings, listening), name="shortlist console", daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join(STOP_SECONDS)


def _run(settings: ConsoleSettings, listening: socket.socket) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends this process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    config = uvicorn.Config(create_app(settings), log_config=logging_config(), access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])


def _end_with_parent() -> None:
    """End this process when its parent is gone, also when it was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
