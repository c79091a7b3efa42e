"""One of several processes that answer: ``python -m serving.worker LISTENING LINE``, both inherited descriptors."""

import socket
import sys

from uvicorn.config import STARTUP_FAILURE

from monitoring.logs import logging_config
from serving.app import create_app_from_environment
from serving.server import Server, stopping_quietly
from shortlist.processes import Line


def main(listening: int, line: int) -> int:
    """Answer until told to stop, or until the supervisor is gone; the exit code."""
    server = Server(create_app_from_environment(), logging_config(), Line(line).say)
    with socket.socket(fileno=listening) as listener, stopping_quietly():
        server.run(sockets=[listener])
    return 0 if server.started else STARTUP_FAILURE


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
