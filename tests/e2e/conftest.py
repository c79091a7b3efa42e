"""The service as a process, started as often as a test wants."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serve_process import Process, Start

from shortlist.home import Home


@pytest.fixture
def start(tmp_path: Path, small_home: Home) -> Iterator[Start]:
    """Start the command in an empty folder, on a free port, over the small shop's home."""
    running: list[Process] = []

    def run(
        *arguments: str, home: Path | None = None, port: int = 0, descriptors: int | None = None, **environment: str
    ) -> Process:
        options = ("--home", str((home or small_home.root).resolve()), "--port", str(port), *arguments)
        running.append(Process(tmp_path, options, environment, descriptors))
        return running[-1]

    yield run
    for process in running:
        process.close()
