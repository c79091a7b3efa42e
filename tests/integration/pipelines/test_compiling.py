"""Kernels are compiled before a request, and kept for the next process."""

import subprocess
import sys
from pathlib import Path

import pytest

from shortlist.home import Home

LOAD = """
import os, sys
if {is_locked}:
    access = os.access
    os.access = lambda path, mode, **more: mode != os.W_OK and access(path, mode, **more)
from pathlib import Path
from ranking.bundling import load_recommender
from ranking.compiling import all_kernels
from ranking.query import Query
from shortlist.home import Home
from shortlist.registry import Registry
recommender = load_recommender(Registry(Home(Path({home!r}))).open("latest"))
"""
ASK = """
def compiled():
    return {name: len(kernel.signatures) for name, kernel in all_kernels().items()}
before = compiled()
items = recommender.table.items
category = recommender.attributes.categories.external(0)
for user in ("user-000", "user-017", "nobody"):
    for changes in (
        {}, {"limit": 1}, {"limit": 100, "offset": 400}, {"categories": (category,)}, {"in_stock": True},
        {"exclude_purchased": True}, {"exclude_seen": True}, {"exclude": (items.external(3),)}, {"explain": True},
        {"stage": "retrieval"}, {"stage": "retrieval", "in_stock": True}, {"categories": ("no such",)},
    ):
        recommender.recommend(Query(user, **changes))
list(recommender.recommend_many([Query(f"user-{number:03}") for number in range(200)]))
print({name: (before[name], n) for name, n in compiled().items() if n != before[name]})
"""
COUNT = """
print(sum(sum(kernel.stats.cache_hits.values()) for kernel in all_kernels().values()),
      sum(sum(kernel.stats.cache_misses.values()) for kernel in all_kernels().values()))
"""


def run(script: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300)
    return done.stdout.strip()


@pytest.mark.slow
def test_no_request_compiles_anything(small_home: Home) -> None:
    """Whatever is asked of a loaded bundle, no kernel gets another signature."""
    assert run(LOAD.format(is_locked=False, home=str(small_home.root)) + ASK) == "{}"


@pytest.mark.slow
def test_where_the_package_cannot_be_written_kernels_are_kept_in_the_home(small_home: Home, tmp_path: Path) -> None:
    """The first process compiles and keeps, the second compiles nothing; a folder that others can write is not used."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    for name in ("bundles", "trainings.json", "CURRENT"):
        (home.root / name).symlink_to(small_home.root / name)
    script = LOAD.format(is_locked=True, home=str(home.root)) + COUNT
    hits, misses = map(int, run(script).split())
    assert (hits, misses > 10) == (0, True)
    assert home.compiled.stat().st_mode & 0o777 == 0o700
    hits, misses = map(int, run(script).split())
    assert (hits > 10, misses) == (True, 0)
    home.compiled.chmod(0o777)
    assert run(script).startswith("0 ")
