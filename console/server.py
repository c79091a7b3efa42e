"""The console as a process of its own: ``python -m console.server LISTENING LINE``; it ends with who started it."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from console.app import create_app
from console.settings import ConsoleSettings
from monitoring.logs import logging_config
from shortlist.processes import Child, Line, start_child

STOP_SECONDS: Final = 5.0
MODULE: Final = "console.server"


@contextmanager
def running_console(settings: ConsoleSettings, listening: socket.socket) -> Iterator[Child]:
    """Answer on a socket that listens already, in another process, while the block runs."""
    child = start_child(MODULE, listening.fileno(), settings.to_environment())
    try:
        yield child
    finally:
        child.stop(STOP_SECONDS)


def main(listening: int, line: int) -> None:
    """Answer until told to stop, or until who started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends this process
    Line(line).end_with_parent()
    app = create_app(ConsoleSettings.from_environment(os.environ))
    config = uvicorn.Config(app, log_config=logging_config(), access_log=False, server_header=False)
    with socket.socket(fileno=listening) as listener:
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
