"""A copy of the small shop's bundle that a test may spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from shortlist.home import Home
from shortlist.registry import Registry

EditManifest = Callable[[Path, Callable[[dict[str, Any]], None]], None]


@pytest.fixture(scope="session")
def whole_bundle(small_home: Home) -> Path:
    """The folder of the small shop's bundle, to be copied and left as it is."""
    registry = Registry(small_home)
    return registry.folder(registry.resolve("current"))


@pytest.fixture
def bundle_copy(whole_bundle: Path, tmp_path: Path) -> Path:
    """A copy of that bundle, under its own name."""
    return Path(shutil.copytree(whole_bundle, tmp_path / whole_bundle.name))


@pytest.fixture(scope="session")
def edit_manifest() -> EditManifest:
    """Change the fields of a bundle's manifest in place."""

    def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
        path = folder / "manifest.json"
        fields = orjson.loads(path.read_bytes())
        change(fields)
        path.write_bytes(orjson.dumps(fields))

    return edit
