"""Where a bundle comes from: data, code, libraries, machine; what differs from it here and now."""

import hashlib
import platform
import subprocess
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pandas as pd

from shortlist.columns import COST, ITEM_ID
from shortlist.manifest import Manifest

LIBRARIES: Final = (
    "faiss-cpu",
    "implicit",
    "lightgbm",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "shortlist-recs",
)
_PROCESSORS: Final = Path("/proc/cpuinfo")


def libraries() -> dict[str, str]:
    """The versions of what computes, Python's among them."""
    return {library: version(library) for library in LIBRARIES} | {"python": platform.python_version()}


def git_commit() -> str | None:
    """The commit of the source tree, None outside a checkout of it."""
    root = Path(__file__).resolve().parents[1]
    command: Sequence[str] = ("git", "-C", str(root), "rev-parse", "--show-toplevel", "HEAD")
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    top, commit = found.stdout.splitlines()
    return commit if Path(top).resolve() == root else None


def processor() -> str:
    """The model of the processor: others add up in other orders, so that last bits differ."""
    try:
        lines = _PROCESSORS.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def catalog_fingerprint(catalog: pd.DataFrame) -> str:
    """Hex SHA-256 of a catalogue's content, whatever the order of its items."""
    told = catalog if catalog[COST].notna().any() else catalog.drop(columns=COST)  # release 0.1 knew no costs
    ordered = told.sort_values(ITEM_ID, ignore_index=True)
    return hashlib.sha256(ordered.to_json(orient="split", date_format="iso").encode()).hexdigest()


def changed_circumstances(manifest: Manifest) -> Iterator[str]:
    """What is other here and now than where a bundle was made, in sentences."""
    commit = git_commit()
    if manifest.git_commit != commit:
        yield f"The code is of commit {commit or 'unknown'}; it was {manifest.git_commit or 'unknown'}."
    here = libraries()
    for name, found in manifest.libraries.items():
        if here.get(name) != found:
            yield f"{name} is {here.get(name, 'not known')}; it was {found}."
    if manifest.processor is not None and manifest.processor != processor():
        yield f"The processor is {processor()}; it was {manifest.processor}."
