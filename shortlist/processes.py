"""Processes that end with the one that started them: each holds one end of a line to it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PYTHON: Final = (sys.executable, "-P", "-m")
"""Modules are looked for where they are installed, never in the working folder."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process, and our end of the line to it."""

    process: subprocess.Popen[bytes]
    line: socket.socket

    def stop(self, seconds: float) -> bool:
        """Ask it to stop, and kill it when it has not after so long; whether it stopped by itself."""
        self.process.terminate()
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        finally:
            self.line.close()
        return True


def start_child(module: str, listening: int, environment: Mapping[str, str] | None = None) -> Child:
    """Start ``python -m MODULE LISTENING LINE``: descriptors of the socket to answer on and of its end of the line."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        descriptors = (listening, theirs.fileno())
        command = [*PYTHON, module, *map(str, descriptors)]
        process = subprocess.Popen(command, pass_fds=descriptors, env={**os.environ, **(environment or {})})  # noqa: S603
    return Child(process, ours)


class Line:
    """A child's end of its line.

    Parameters
    ----------
    descriptor : int
        As it was given.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def say(self) -> bool:
        """Say that all is well; whether the parent is still there."""
        try:
            self._socket.send(b".", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except BlockingIOError:  # the parent has been stopped for a while
            return True
        except OSError:
            return False
        return True

    def end_with_parent(self) -> None:
        """Stop this process by SIGTERM when the parent is gone, also when it was killed."""
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self._socket.recv(1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
