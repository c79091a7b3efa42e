import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.events import Reading
from data.importing import import_tables, read_files
from data.settings import DataConfig
from shortlist.home import Home
from shortlist.progress import SilentReporter

NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    """A home that does not exist yet."""
    return Home(tmp_path / "home")


@pytest.fixture
def bring_in(home):
    """Import files into the home."""

    def run(*events, items=(), users=(), config=None, now=NOW, reporter=None, **how):
        sources = read_files([*events], [*items], [*users], SilentReporter())
        return import_tables(home, sources, Reading(**how), config or DataConfig(), now=now, reporter=reporter)

    return run


@pytest.fixture
def write(tmp_path):
    """Write a text file and name it."""

    def run(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return run


@pytest.fixture
def tree():
    """The files below a folder with their hashes."""

    def run(root: Path):
        files = (path for path in sorted(root.rglob("*")) if path.is_file())
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    return run
