"""`shortlist serve` as a process of its own."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

WAIT_SECONDS = 60
COMMAND = (sys.executable, "-c", "from pipelines.cli import main; main()", "serve")


class Process:
    """A running `shortlist serve`; what it prints arrives line by line."""

    def __init__(
        self, folder: Path, arguments: tuple[str, ...], environment: dict[str, str], descriptors: int | None = None
    ) -> None:
        limit = () if descriptors is None else ("sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh")
        self._process = subprocess.Popen(
            [*limit, *COMMAND, *arguments],
            cwd=folder,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self.errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self._lines.put)),
            threading.Thread(target=self._read, args=(self._process.stderr, self.errors.append)),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The process that was started."""
        return self._process.pid

    def line(self) -> str:
        """The next line on standard output."""
        return self._lines.get(timeout=WAIT_SECONDS)

    def url(self) -> str:
        """Where it says that it serves."""
        match = re.match(r"Serving (http://\S+) ", self.line())
        assert match
        return match[1]

    def stop(self, number: signal.Signals) -> int:
        """Send a signal to its process group, as a terminal does, and give the exit code."""
        os.killpg(self._process.pid, number)
        return self.wait()

    def wait(self) -> int:
        """The exit code, when it has ended by itself."""
        code = self._process.wait(timeout=WAIT_SECONDS)
        for reader in self._readers:
            reader.join()
        return code

    def close(self) -> None:
        """End what is left of it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    @staticmethod
    def _read(pipe: "Iterator[str] | None", put: Callable[[str], object]) -> None:
        for line in pipe or ():
            put(line)


Start = Callable[..., Process]


def workers_of(pid: int) -> list[psutil.Process]:
    """The processes that answer for a service."""
    return [one for one in psutil.Process(pid).children() if is_worker(one)]


def is_worker(process: psutil.Process) -> bool:
    """Whether a process answers requests, and is alive."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "serving.worker" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False
