"""What could keep Shortlist from working on this machine. Nothing here needs a library that may be broken."""

import importlib
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final, Literal

from shortlist import DISTRIBUTION
from shortlist.errors import BundleError
from shortlist.home import Home

State = Literal["fine", "warning", "broken"]

OLDEST_PYTHON: Final = (3, 11)
PACKAGES: Final = (
    "candidate_gen",
    "console",
    "data",
    "experiments",
    "monitoring",
    "offline_eval",
    "pipelines",
    "ranking",
    "serving",
    "shortlist",
)
IMPORTS: Final = {
    "cachetools": "cachetools",
    "faiss": "faiss-cpu",
    "fastapi": "fastapi",
    "httpx": "httpx",
    "implicit.cpu.als": "implicit",
    "jinja2": "jinja2",
    "lightgbm": "lightgbm",
    "numba": "numba",
    "numpy": "numpy",
    "orjson": "orjson",
    "pandas": "pandas",
    "pandera": "pandera",
    "pyarrow": "pyarrow",
    "redis": "redis",
    "scipy": "scipy",
    "uvicorn": "uvicorn",
}
LEAST_FREE_BYTES: Final = 2 * 10**9
LIBGOMP_MEND: Final = (
    "install the OpenMP runtime that implicit and LightGBM need: apt-get install libgomp1 (Debian, Ubuntu), "
    "dnf install libgomp (Fedora), or ask whoever runs the machine"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its state, what was found, and how to mend it (empty when fine)."""

    subject: str
    state: State
    found: str
    mend: str = ""


def examine(home: Home, redis_url: str | None) -> list[Finding]:
    """Look at everything, in an order in which the first thing broken is often the cause of the others."""
    return [
        _python(),
        *_libraries(),
        _names(),
        _redis(redis_url),
        _disk(home.root),
        _bundle(home),
    ]


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Finding("Python", "broken", found, "use Python 3.11 or later: make PYTHON=python3.12 setup")
    return Finding("Python", "fine", f"{found} at {sys.executable}")


def _libraries() -> Iterator[Finding]:
    """Load every library; a missing libgomp shows here, in the message of the dynamic linker."""
    missing = _missing_distributions()
    if missing:
        mend = "install the locked packages again: make setup, or pip install shortlist-recs"
        yield Finding("packages", "broken", f"not installed: {', '.join(missing)}", mend)
    loaded = []
    for module, distribution in IMPORTS.items():
        try:
            importlib.import_module(module)
            loaded.append(f"{distribution} {version(distribution)}")
        except (ImportError, OSError, PackageNotFoundError) as error:
            mend = (
                LIBGOMP_MEND
                if "libgomp" in str(error)
                else f"install it again: pip install --force-reinstall {distribution}"
            )
            yield Finding(distribution, "broken", f"does not load: {error}", mend)
    if loaded:
        yield Finding("libraries", "fine", ", ".join(loaded))


def _missing_distributions() -> list[str]:
    """Required distributions that are not installed."""
    try:
        wanted = [line for line in requires(DISTRIBUTION) or [] if "extra ==" not in line]
    except PackageNotFoundError:
        return [DISTRIBUTION]
    return [name for name in map(distribution_name, wanted) if not _is_installed(name)]


def distribution_name(requirement: str) -> str:
    """The distribution that a requirement names.

    >>> [distribution_name(one) for one in ("a-b<4,>=3.11", "c[d]>=0.3", "e_f ; python_version < '4'", "g!=1", "h~=2")]
    ['a-b', 'c', 'e_f', 'g', 'h']
    """
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def _is_installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def _names() -> Finding:
    """Whether each of our import names is ours: `data` and `serving` are names that others use too."""
    ours = Path(__file__).resolve().parents[1]
    foreign = []
    for name in PACKAGES:
        specification = importlib.util.find_spec(name)
        places = list(specification.submodule_search_locations or []) if specification else []
        if not places or Path(places[0]).resolve().parent != ours:
            foreign.append(f"{name} is {places[0] if places else 'not there'}")
    if foreign:
        mend = "uninstall the other package, or install Shortlist into a virtual environment of its own: make setup"
        return Finding("package names", "broken", "; ".join(foreign), mend)
    return Finding("package names", "fine", f"all {len(PACKAGES)} are Shortlist's own")


def _redis(url: str | None) -> Finding:
    if not url:
        return Finding("Redis", "fine", "none configured; each worker caches in its own memory")
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            server = client.info("server")
    except (RedisError, ValueError, OSError) as error:
        mend = "start it or correct --redis; the service answers without it meanwhile, only slower"
        return Finding("Redis", "warning", f"out of reach: {type(error).__name__}", mend)
    return Finding("Redis", "fine", f"version {server['redis_version']} answers")


def _disk(root: Path) -> Finding:
    """Whether the home, or the nearest folder above it that exists, can be written and has room."""
    folder = next(parent for parent in (root.absolute(), *root.absolute().parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return Finding("disk", "broken", f"{folder} cannot be written", "choose another folder: --home")
    if free < LEAST_FREE_BYTES:
        return Finding(
            "disk", "warning", f"{free / 1e9:.1f} GB free at {folder}", "make room, or choose another --home"
        )
    return Finding("disk", "fine", f"{free / 1e9:.1f} GB free at {folder}")


def _bundle(home: Home) -> Finding:
    """Whether the serving bundle is whole."""
    try:
        from shortlist.registry import Registry

        registry = Registry(home)
        current = registry.current()
        if current is None:
            mend = "shortlist demo, or shortlist import, train and publish latest"
            return Finding("bundle", "warning", f"nothing is published in {home.root}", mend)
        registry.open("current")
    except BundleError as error:
        return Finding("bundle", "broken", str(error), "shortlist rollback, or train and publish again")
    except (ImportError, OSError) as error:
        return Finding("bundle", "broken", f"cannot be looked at: {error}", "mend the libraries above first")
    return Finding("bundle", "fine", f"{current} is whole and published")
