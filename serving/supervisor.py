"""Several processes that answer on one socket, kept alive: ``python -m serving.supervisor WORKERS LISTENING [PID]``.

The process that checked everything becomes this one, which loads no model and hardly a library. A worker that ends is
replaced at once, one that keeps ending after a pause that doubles; the others go on. The process PID ends with them.
"""

import contextlib
import logging
import logging.config
import os
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from monitoring.deaths import FOLDER_VARIABLE, note_death
from monitoring.logs import SERVICE_LOGGER, logging_config
from shortlist.processes import PYTHON, Child, start_child

RUN_FOLDER_VARIABLE: Final = "SHORTLIST_RUN_FOLDER"
PLACE_VARIABLE: Final = "SHORTLIST_WORKER_PLACE"
"""``place/places`` of a worker among the others, from 0 on."""

WORKER: Final = "serving.worker"
ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

LOOK_SECONDS: Final = 0.2
HUNG_SECONDS: Final = 60.0
"""Of the supervisor's own time, so that a machine that sleeps makes no worker hang."""

STOP_SECONDS: Final = 20.0
LONGEST_PAUSE: Final = 30.0

logger = logging.getLogger(SERVICE_LOGGER)


@dataclass(slots=True)
class Place:
    """Where a worker stands, or the next one will.

    Attributes
    ----------
    name : str
        What its worker is told of it: ``place/places``.
    has_answered : bool
        Whether the worker has said that it answers requests.
    silent_seconds : float
        Since it last said so.
    """

    name: str
    worker: Child | None = None
    has_answered: bool = False
    silent_seconds: float = 0.0
    n_failures: int = 0
    start_at: float = 0.0

    def fill(self, listening: int) -> None:
        """Start a worker when it is time."""
        if self.worker is None and time.monotonic() >= self.start_at:
            self.worker = start_child(WORKER, listening, {PLACE_VARIABLE: self.name})
            self.has_answered, self.silent_seconds = False, 0.0

    def listen(self) -> None:
        """Take note of what the worker says."""
        if self.worker is not None:
            with contextlib.suppress(OSError):
                if self.worker.line.recv(4096):
                    self.has_answered, self.silent_seconds = True, 0.0

    def clear(self) -> float:
        """Let go of a worker that has ended; after how many seconds another one starts."""
        if self.worker is not None:
            self.worker.line.close()
        self.n_failures = 0 if self.has_answered else self.n_failures + 1
        pause = min(LONGEST_PAUSE, 2.0**self.n_failures) if self.n_failures else 0.0
        self.worker, self.start_at = None, time.monotonic() + pause
        return pause


class Supervisor:
    """Keeps its places filled until it is told to stop.

    Parameters
    ----------
    listening : int
        The descriptor of the socket that all workers accept from.
    folder : Path
        Where they share their figures and notes.
    """

    def __init__(self, n_workers: int, listening: int, folder: Path) -> None:
        self._places = [Place(f"{number}/{n_workers}") for number in range(n_workers)]
        self._listening, self._folder = listening, folder
        self._is_told = self._has_answered = self._has_failed = False
        self._n_deaths = 0

    def run(self) -> bool:
        """Supervise until SIGTERM or SIGINT; False when a worker ended before any was able to answer."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            while not self._is_told:
                self._look()
        finally:
            self._end()
        return not self._has_failed

    def _stop(self, _number: int, _frame: object) -> None:
        self._is_told = True

    def _look(self) -> None:
        for place in self._places:
            place.fill(self._listening)
        self._wait()
        for place in self._places:
            self._has_answered = self._has_answered or place.has_answered
            if place.worker is not None and not self._is_told:
                self._examine(place, place.worker)

    def _wait(self) -> None:
        """Until somebody says something, or has gone."""
        lines = [place.worker.line for place in self._places if place.worker is not None]
        if select.select(lines, [], [], LOOK_SECONDS)[0]:
            time.sleep(LOOK_SECONDS / 10)  # the line of a worker that has gone is always ready
        for place in self._places:
            place.silent_seconds += LOOK_SECONDS
            place.listen()

    def _examine(self, place: Place, worker: Child) -> None:
        pid = worker.process.pid
        if place.has_answered and place.silent_seconds > HUNG_SECONDS:
            logger.error("a worker hangs and is ended", extra={"fields": {"pid": pid}})
            worker.process.kill()
            worker.process.wait()
        code = worker.process.poll()
        if code is not None:
            fields = {"pid": pid, "exit_code": code, "next_in_seconds": place.clear()}
            logger.error("a worker ended", extra={"fields": fields})
            self._count(pid)

    def _count(self, pid: int) -> None:
        self._n_deaths += 1
        try:
            note_death(self._folder, pid, self._n_deaths)
        except OSError as error:
            logger.warning("a worker's end was not counted", extra={"fields": {"why": str(error)}})
        if not self._has_answered:
            logger.error("no worker was able to start: the service stops")
            self._is_told = self._has_failed = True

    def _end(self) -> None:
        """Tell all to stop, and wait until they have answered what they accepted."""
        os.close(self._listening)
        workers = [place.worker for place in self._places if place.worker is not None]
        for worker in workers:
            worker.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in workers:
            if not worker.stop(deadline - time.monotonic()):
                logger.error("a worker did not stop in time", extra={"fields": {"pid": worker.process.pid}})


def become_supervisor(
    n_workers: int, environment: Mapping[str, str], listening: socket.socket, beside: Child | None
) -> NoReturn:
    """Turn this process into the supervisor, so that it keeps nothing of what it has loaded; never comes back.

    Parameters
    ----------
    beside : Child or None
        A process that runs on, and ends with the supervisor.
    """
    listening.set_inheritable(True)
    arguments = [str(n_workers), str(listening.fileno())]
    if beside is not None:
        beside.line.set_inheritable(True)
        arguments.append(str(beside.process.pid))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [*PYTHON, "serving.supervisor", *arguments], {**os.environ, **environment, **ONE_THREAD})  # noqa: S606


@contextlib.contextmanager
def _ending(pid: int | None) -> Iterator[None]:
    """End a process of ours after the block."""
    try:
        yield
    finally:
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


def main(n_workers: int, listening: int, beside: int | None = None) -> int:
    """Run the workers; the exit code."""
    logging.config.dictConfig(logging_config())
    with tempfile.TemporaryDirectory(prefix="shortlist-", ignore_cleanup_errors=True) as folder, _ending(beside):
        os.environ.update({RUN_FOLDER_VARIABLE: folder, FOLDER_VARIABLE: folder})
        if not Supervisor(n_workers, listening, Path(folder)).run():
            sys.stderr.write("shortlist: A worker did not start; its log says why.\n")
            return 1
    sys.stderr.write("Stopped.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
