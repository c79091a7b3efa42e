"""`shortlist serve` as a process: what it prints, how it stops, and what it refuses."""

import json
import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest
from serve_process import WAIT_SECONDS, Process, Start

from shortlist.home import Home
from shortlist.registry import Registry


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_answers_and_stops_cleanly(start: Start, small_home: Home, number: signal.Signals) -> None:
    """The printed curl line is one that works; both signals end it with code 0, no traceback, and access lines."""
    process = start()
    first = process.line()
    version = Registry(small_home).current()
    assert re.fullmatch(rf"Serving http://127\.0\.0\.1:\d+  \(model {version}, workers 1, cache in memory\)\n", first)
    address = re.search(r"curl -s (\S+)", process.line())
    assert address
    answer = httpx.get(address[1].strip("'"), trust_env=False, timeout=WAIT_SECONDS)
    assert (answer.status_code, answer.json()["source"], len(answer.json()["items"])) == (200, "personalized", 10)
    assert process.stop(number) == 0
    lines = [json.loads(line) for line in process.errors if line.startswith("{")]
    assert [line["route"] for line in lines if line["message"] == "request"] == ["/recommendations/{user_id}"]
    assert "Traceback" not in "".join(process.errors)


def test_a_redis_that_is_not_there_keeps_nothing_from_starting(start: Start) -> None:
    """It says where the cache should be, without the password, and answers without it."""
    process = start("--redis", "redis://:hush@127.0.0.1:1/0")
    first = process.line()
    assert "cache in Redis at 127.0.0.1:1)" in first
    url = first.split()[1]
    assert (
        httpx.get(f"{url}/recommendations/user-000", trust_env=False, timeout=WAIT_SECONDS).headers["x-cache"]
        == "bypass"
    )
    assert process.stop(signal.SIGTERM) == 0
    assert "hush" not in first + "".join(process.errors)


def test_several_workers_answer_and_count_together(start: Start) -> None:
    """Two workers share the socket, and /metrics shows the requests of both, whichever answers."""
    process = start("--workers", "2")
    url = process.url()
    n_requests = 24
    answers = [
        httpx.get(f"{url}/recommendations/user-{n:03}", trust_env=False, timeout=WAIT_SECONDS)
        for n in range(n_requests)
    ]
    assert {answer.status_code for answer in answers} == {200}
    for _ in range(4):
        figures = httpx.get(f"{url}/metrics", trust_env=False, timeout=WAIT_SECONDS).text
        counts = re.findall(r'http_requests_total\{.*route="/recommendations/{user_id}".*\} (\S+)', figures)
        assert sum(map(float, counts)) == n_requests
    assert process.stop(signal.SIGTERM) == 0
    assert "Traceback" not in "".join(process.errors)


def test_the_settings_reach_the_workers(start: Start, tmp_path: Path) -> None:
    """Configuration, key and the switched-off cache hold in every worker."""
    (tmp_path / "shop.toml").write_text("[serving]\nmax_limit = 7\ndefault_limit = 3\n")
    process = start("--workers", "2", "--no-cache", "--config", "shop.toml", SHORTLIST_API_KEY="sesame")
    url = process.url()
    for _ in range(4):
        assert httpx.get(f"{url}/popular", trust_env=False, timeout=WAIT_SECONDS).status_code == 401
        answer = httpx.get(f"{url}/popular", headers={"X-API-Key": "sesame"}, trust_env=False, timeout=WAIT_SECONDS)
        assert (len(answer.json()["items"]), answer.headers["x-cache"]) == (3, "bypass")
    assert process.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_an_error(start: Start, workers: str) -> None:
    """The message names the port and the option; the exit code is 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--workers", workers, port=port)
        assert process.wait() == 1
    assert re.search(rf"shortlist: 127\.0\.0\.1:{port}: .*--port", "".join(process.errors))


def test_a_home_without_a_bundle_is_refused(start: Start, tmp_path: Path) -> None:
    """Nothing published is exit code 5, with the commands that mend it."""
    process = start(home=tmp_path / "empty")
    assert process.wait() == 5
    assert "shortlist publish" in "".join(process.errors)


def test_a_damaged_bundle_is_refused(start: Start, tmp_path: Path, small_home: Home) -> None:
    """A bundle with a changed byte is exit code 5, and the file is named; nothing listens."""
    home = Home(tmp_path / "damaged")
    shutil.copytree(small_home.root, home.root)
    version = Registry(home).current()
    assert version is not None
    damaged = next((home.bundles / version).glob("*.faiss"))
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    process = start("--workers", "2", home=home.root)
    assert process.wait() == 5
    assert damaged.name in "".join(process.errors)


@pytest.mark.parametrize(
    ("arguments", "environment", "word"),
    [
        (("--redis", "http://localhost"), {}, "redis://"),
        ((), {"SHORTLIST_API_KEY": ""}, "SHORTLIST_API_KEY"),
        (("--experiments", "wrong.toml"), {}, "wrong.toml:2"),
        (("--experiments", "missing.toml"), {}, "missing.toml"),
        (("--workers", "0"), {}, "--workers"),
    ],
)
def test_wrong_settings_are_refused(
    start: Start, tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], word: str
) -> None:
    """A wrong option, variable or file of experiments is exit code 2, and is named."""
    (tmp_path / "wrong.toml").write_text('[[experiments]]\nname = "Not a name"\n')
    process = start(*arguments, **environment)
    assert process.wait() == 2
    assert word in "".join(process.errors)


def test_the_experiments_of_the_folder_count(start: Start, tmp_path: Path) -> None:
    """Without --experiments, config/experiments.toml under the working folder is used when it is there."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "experiments.toml").write_text("[[layers]]\nname = 'Wrong name'\n")
    process = start()
    assert process.wait() == 2
    assert "config/experiments.toml:2" in "".join(process.errors)


def looked_at(process: Process) -> httpx.Response:
    """The console's first page, as a browser gets it that opens the address that is printed first."""
    match = re.match(r"Look at it in the browser: (http://127\.0\.0\.1:\d+/\?key=\S+)\n", process.line())
    assert match
    with httpx.Client(follow_redirects=True, trust_env=False, timeout=WAIT_SECONDS) as browser:
        return browser.get(match[1])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_console_is_a_process_of_its_own_that_ends_with_it(start: Start, workers: str) -> None:
    """Its address comes first and lets in; it has what the service says; nothing is left when the service ends."""
    process = start("--console", "--workers", workers, SHORTLIST_API_KEY="sesame")
    page = looked_at(process)
    assert page.status_code == 200
    assert "What is serving" in page.text
    assert process.stop(signal.SIGTERM) == 0
    assert "Traceback" not in "".join(process.errors)
    with pytest.raises(httpx.ConnectError):
        httpx.get(str(page.url), trust_env=False, timeout=WAIT_SECONDS)


def test_the_console_ends_when_the_service_is_killed(start: Start) -> None:
    """Nobody keeps its port when the command is killed and cannot clean up; the key is the one that is configured."""
    process = start("--console", SHORTLIST_CONSOLE_KEY="of our own")
    page = looked_at(process)
    assert page.status_code == 200
    os.kill(process._process.pid, signal.SIGKILL)
    deadline = time.monotonic() + WAIT_SECONDS
    while answers(str(page.url)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether anybody listens."""
    try:
        httpx.get(url, trust_env=False, timeout=WAIT_SECONDS)
    except httpx.TransportError:
        return False
    return True


def test_the_console_keeps_to_the_service_s_limit(start: Start, tmp_path: Path) -> None:
    """Where the service gives few items, the page asks for no more, and stage one is seen as deep as ever."""
    (tmp_path / "shop.toml").write_text("[serving]\nmax_limit = 3\ndefault_limit = 2\n")
    page = looked_at(start("--console", "--config", "shop.toml"))
    with httpx.Client(cookies=page.history[0].cookies, trust_env=False, timeout=WAIT_SECONDS) as browser:
        customer = browser.get(page.url.join("/customers/user-001"))
    assert customer.status_code == 200
    assert customer.text.count("<h3>") == 3


def test_a_console_s_port_in_use_is_an_error(start: Start) -> None:
    """Where the port is named it must be free; the exit code is 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("--console", "--console-port", str(taken.getsockname()[1]))
        assert process.wait() == 1
    assert "cannot listen there" in "".join(process.errors)
