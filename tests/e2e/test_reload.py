"""What is published reaches every worker without a restart."""

import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from serve_process import WAIT_SECONDS, Start, workers_of

from pipelines.publishing import publish, rollback
from shortlist.home import Home
from shortlist.registry import Registry

OTHER = "20200101T000000-aaaaaaaa"
EXPERIMENTS = """
[[experiments]]
name = "trial"
salt = "s"
enabled = {enabled}
share = 1.0
variants = [{{ name = "a", control = true, weight = 0.5 }}, {{ name = "b", weight = 0.5 }}]
"""


@pytest.fixture
def home(small_home: Home, tmp_path: Path) -> Home:
    """A home with two versions of one bundle, the one of the small shop serving."""
    copy = Home(Path(shutil.copytree(small_home.root, tmp_path / "two")))
    version = Registry(copy).resolve("current")
    folder = Path(shutil.copytree(copy.bundles / version, copy.bundles / OTHER))
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(version, OTHER))
    return copy


def get(url: str, path: str) -> httpx.Response:
    """An answer over a connection of its own, which any worker may give."""
    return httpx.get(f"{url}{path}", trust_env=False, timeout=WAIT_SECONDS)


def ask(url: str) -> httpx.Response:
    """A list."""
    return get(url, "/recommendations/user-001")


def failure(url: str) -> dict[str, str] | None:
    """What readiness says of a bundle that was not loaded."""
    found: dict[str, str] | None = get(url, "/health/ready").json()["reload_failure"]
    return found


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds twelve times in a row: of two workers, both have then been asked."""
    deadline, in_a_row = time.monotonic() + WAIT_SECONDS, 0
    while in_a_row < 12:
        assert time.monotonic() < deadline
        in_a_row = in_a_row + 1 if holds() else 0
        time.sleep(0.01)


@contextmanager
def asked_meanwhile(url: str) -> Iterator[list[httpx.Response]]:
    """Ask without a pause while the block runs; yields the answers."""
    answers: list[httpx.Response] = []
    done = threading.Event()

    def go_on() -> None:
        while not done.is_set():
            answers.append(ask(url))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join()


def test_publish_and_rollback_reach_every_worker_and_fail_no_request(start: Start, home: Home) -> None:
    """Five changes under load: every answer is whole, and says one version in header and body."""
    process = start("--workers", "2", home=home.root)
    url = process.url()
    first = Registry(home).resolve("current")
    with asked_meanwhile(url) as answers:
        for number in range(5):
            wanted = (rollback(home) if number % 2 else publish(home, OTHER)).version
            until(lambda wanted=wanted: ask(url).headers["x-model-version"] == wanted)
    assert {answer.status_code for answer in answers} == {200}
    for answer in answers:
        body = answer.json()
        assert body["model_version"] == answer.headers["x-model-version"]
        assert len(body["items"]) == 10
    assert {answer.json()["model_version"] for answer in answers} == {first, OTHER}
    figures = get(url, "/metrics").text
    shown = dict(re.findall(r'shortlist_model_info\{role="current",version="(\S+)"\} (\S+)', figures))
    assert {version for version, value in shown.items() if float(value)} == {OTHER}


def test_a_broken_bundle_leaves_the_one_before_serving(start: Start, home: Home) -> None:
    """It shows in health, metrics and log; what is published next is loaded at once."""
    process = start("--workers", "2", home=home.root)
    url = process.url()
    first = Registry(home).resolve("current")
    until(lambda: ask(url).status_code == 200)
    damaged = next((home.bundles / OTHER).glob("*.faiss"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\x00\x01")
    home.current.write_text(f"{OTHER}\n")

    until(lambda: failure(url) is not None)
    found = failure(url)
    assert found is not None
    assert (found["version"], damaged.name in found["detail"]) == (OTHER, True)
    assert ask(url).headers["x-model-version"] == first
    figures = get(url, "/metrics").text
    assert re.search(r"^shortlist_reload_failing 1", figures, re.MULTILINE)
    publish(home, first)
    until(lambda: failure(url) is None)
    assert any("was not loaded" in line and OTHER in line for line in process.errors)


def test_a_worker_that_is_replaced_joins_the_others(start: Start, home: Home) -> None:
    """With a bundle published that cannot be read, a killed worker's successor answers from what the other one does."""
    process = start("--workers", "2", home=home.root)
    url = process.url()
    first = Registry(home).resolve("current")
    until(lambda: ask(url).status_code == 200)
    next((home.bundles / OTHER).glob("*.faiss")).unlink()
    home.current.write_text(f"{OTHER}\n")
    until(lambda: failure(url) is not None)
    killed = workers_of(process.pid)[0]
    killed.kill()
    killed.wait()
    until(lambda: len(workers_of(process.pid)) == 2)
    until(lambda: ask(url).headers["x-model-version"] == first)
    found = failure(url)
    assert found is not None
    assert found["version"] == OTHER
    assert process.stop(signal.SIGTERM) == 0


def test_a_changed_file_of_experiments_counts_and_a_wrong_one_does_not(
    start: Start, home: Home, tmp_path: Path
) -> None:
    """Switched on, an experiment has its users; a file that cannot be read changes nothing and is said."""
    path = tmp_path / "trial.toml"
    path.write_text(EXPERIMENTS.format(enabled="false"))
    url = start("--experiments", str(path), home=home.root).url()

    def experiments() -> list[str]:
        return get(url, "/experiments/assignment/user-001").json()["experiments"]

    assert experiments() == []
    path.write_text(EXPERIMENTS.format(enabled="true"))
    until(lambda: len(experiments()) == 1)
    path.write_text("[[experiments]]\nname = 'Not a name'\n")
    until(lambda: failure(url) is not None)
    assert len(experiments()) == 1
