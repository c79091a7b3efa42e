"""Files that are shipped and come from others: each is what the list beside it says."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["console/static", "serving/static"])
def test_each_has_its_hash_and_its_licence(folder: str) -> None:
    """The list names every script and stylesheet that is not ours, with the hash of what is there."""
    listed = (ROOT / folder / "SOURCES.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\S+)` .*`([0-9a-f]{64})` \|$", listed, re.MULTILINE))
    ours = {"console.css", "charts.js", "start.js"}
    files = {path.name for path in (ROOT / folder).iterdir() if path.suffix in {".js", ".css"}} - ours
    assert set(rows) == files
    for name, sha256 in rows.items():
        assert hashlib.sha256((ROOT / folder / name).read_bytes()).hexdigest() == sha256
    for licence in re.findall(r"`(\S+\.(?:txt|md))`", listed):
        assert (ROOT / folder / licence).is_file()
