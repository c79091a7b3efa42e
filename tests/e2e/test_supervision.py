"""What befalls a service of several processes: killed parts, full folders, too many connections, a stop under load."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from serve_process import WAIT_SECONDS, Start, workers_of

from shortlist.home import Home

REQUEST = b"GET /recommendations/user-001 HTTP/1.1\r\nHost: a\r\n\r\n"


def get(url: str, path: str = "/recommendations/user-001") -> httpx.Response:
    """An answer over a connection of its own."""
    return httpx.get(f"{url}{path}", trust_env=False, timeout=WAIT_SECONDS)


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def connect(url: str) -> socket.socket:
    """A connection that has said nothing yet."""
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), timeout=WAIT_SECONDS)


def status(connection: socket.socket) -> int:
    """The status of an answer that is read to its end."""
    answer = HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def is_refused(url: str) -> bool:
    """Whether nobody listens."""
    try:
        connect(url).close()
    except ConnectionRefusedError:
        return True
    return False


def test_the_parent_is_small_and_workers_end_with_it(start: Start) -> None:
    """It loads nothing; when it is killed nobody keeps the port."""
    process = start("--workers", "2")
    url = process.url()
    until(lambda: get(url).status_code == 200 and len(workers_of(process.pid)) == 2)
    assert psutil.Process(process.pid).memory_info().rss < 40 * 2**20
    workers = workers_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(workers, timeout=WAIT_SECONDS)
    assert is_refused(url)


def test_a_worker_that_is_killed_is_replaced_counted_and_named(start: Start) -> None:
    """The others answer meanwhile; metrics and log say that it ended."""
    process = start("--workers", "2")
    url = process.url()
    until(lambda: len(workers_of(process.pid)) == 2 and get(url).status_code == 200)
    killed = workers_of(process.pid)[0]
    killed.kill()
    until(lambda: killed.pid not in {one.pid for one in workers_of(process.pid)} and len(workers_of(process.pid)) == 2)
    assert get(url).status_code == 200
    until(lambda: re.search(r"^shortlist_worker_deaths_total 1", get(url, "/metrics").text, re.MULTILINE) is not None)
    assert any("a worker ended" in line and f'"pid":{killed.pid}' in line for line in process.errors)
    assert process.stop(signal.SIGTERM) == 0


def test_a_stop_before_anybody_is_ready_is_no_failure(start: Start) -> None:
    """Told while the workers load, it ends with code 0."""
    process = start("--workers", "2")
    process.url()
    time.sleep(0.5)
    assert process.stop(signal.SIGTERM) == 0
    assert "did not start" not in "".join(process.errors)


@pytest.fixture
def small_folder(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_temporary_folder_ends_no_worker(start: Start, small_folder: Path) -> None:
    """Figures have their room beforehand; a worker that finds none counts for itself, and says so."""
    process = start("--workers", "2", TMPDIR=str(small_folder))
    url = process.url()
    until(lambda: len(list(small_folder.glob("*/counter_*.db"))) == 2 and get(url).status_code == 200)
    with contextlib.suppress(OSError), (small_folder / "filler").open("wb") as filler:
        while True:
            filler.write(b"a" * 2**16)
            filler.flush()
    before = {one.pid for one in workers_of(process.pid)}
    for number in range(40):
        assert get(url, f"/recommendations/user-{number:03}").status_code == 200
        assert get(url, "/metrics").status_code == 200
    assert {one.pid for one in workers_of(process.pid)} == before
    for one in workers_of(process.pid):
        one.kill()
    until(lambda: any("figures are not shared" in line for line in process.errors))
    until(lambda: len(workers_of(process.pid)) == 2 and get(url).status_code == 200)
    assert process.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_more_connections_than_descriptors_are_turned_away(start: Start, workers: str) -> None:
    """Those that are open are answered, the others get a 503 at once; the log has a line or two, and no traceback."""
    process = start("--workers", workers, descriptors=256)
    url = process.url()
    until(lambda: get(url).status_code == 200)
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(connect(url)) for _ in range(600)]
        answers = []
        for connection in connections:
            with contextlib.suppress(ConnectionError):
                connection.sendall(REQUEST)
                answers.append(connection.recv(12))
        assert {bytes(answer) for answer in answers} <= {b"HTTP/1.1 200", b"HTTP/1.1 503", b""}
        assert answers.count(b"HTTP/1.1 200") > 20
        assert answers.count(b"HTTP/1.1 503") > 20
    until(lambda: get(url).status_code == 200)
    refused = re.search(r'connections_refused_total\{reason="too_many"\} (\S+)', get(url, "/metrics").text)
    assert refused
    assert float(refused[1]) > 20
    assert process.stop(signal.SIGTERM) == 0
    assert "Traceback" not in "".join(process.errors)
    assert sum("turned away" in line for line in process.errors) <= 2 * int(workers) + 2


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stop_answers_what_was_accepted(start: Start, workers: str) -> None:
    """Connections old and new, silent and half-sent, have their answer; then nobody listens."""
    process = start("--workers", workers)
    url = process.url()
    until(lambda: get(url).status_code == 200 and len(workers_of(process.pid)) in {0, int(workers)})
    with contextlib.ExitStack() as held:
        silent, half, idle = (held.enter_context(connect(url)) for _ in range(3))
        half.sendall(REQUEST[:20])
        idle.sendall(REQUEST)
        assert status(idle) == 200
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGTERM)
        new = [held.enter_context(connect(url)) for _ in range(6)]
        for connection in (silent, idle, *new):
            connection.sendall(REQUEST)
        half.sendall(REQUEST[20:])
        for connection in (silent, half, idle, *new):
            assert status(connection) == 200
    assert process.wait() == 0
    assert is_refused(url)


def test_an_event_shows_in_the_lists_of_every_worker_and_outlives_them(start: Start, small_home: Home) -> None:
    """Taken by one worker, in the lists of both within a second or so, and in those of their successors."""
    process = start("--workers", "2")
    url = process.url()
    until(lambda: len(workers_of(process.pid)) == 2 and get(url).status_code == 200)
    events = [{"user_id": "newcomer", "item_id": f"item-00{number}", "event_type": "purchase"} for number in (2, 4)]
    assert httpx.post(f"{url}/events", json=events, trust_env=False, timeout=WAIT_SECONDS).json()["accepted"] == 2
    begin = time.monotonic()

    def is_known() -> bool:
        answers = [get(url, "/recommendations/newcomer").json()["source"] for _ in range(12)]
        return set(answers) == {"personalized"}

    until(is_known)
    assert time.monotonic() - begin < 10
    before = workers_of(process.pid)
    for one in before:
        one.kill()
    until(lambda: len(workers_of(process.pid)) == 2 and not set(workers_of(process.pid)) & set(before))
    until(is_known)
    assert process.stop(signal.SIGTERM) == 0
    for path in small_home.root.glob("journal.db*"):
        path.unlink()
