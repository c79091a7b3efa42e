"""One of several processes that answer: ``python -m serving.worker LISTENING LINE``, both inherited descriptors.

The environment names the folder that they share, and the place of this one among them.
"""

import contextlib
import os
import socket
import sys
from collections.abc import Mapping

from uvicorn.config import STARTUP_FAILURE

from monitoring.logs import logging_config
from serving.app import create_app_from_environment
from serving.seals import run_folder
from serving.server import Server, stopping_quietly
from serving.sharing import ConnectionCounts
from serving.supervisor import PLACE_VARIABLE
from shortlist.processes import Line


def main(listening: int, line: int) -> int:
    """Answer until told to stop, or until the supervisor is gone; the exit code."""
    server = Server(create_app_from_environment(), logging_config(), Line(line).say, counts=_counts(os.environ))
    with socket.socket(fileno=listening) as listener, stopping_quietly():
        server.run(sockets=[listener])
    return 0 if server.started else STARTUP_FAILURE


def _counts(environment: Mapping[str, str]) -> ConnectionCounts | None:
    """Where a folder and a place are named; without them, or on a full disk, connections come as they may."""
    folder, (place, _, n_places) = run_folder(environment), environment.get(PLACE_VARIABLE, "").partition("/")
    if folder is None or not n_places:
        return None
    with contextlib.suppress(OSError):
        return ConnectionCounts(folder, int(place), int(n_places))
    return None


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
