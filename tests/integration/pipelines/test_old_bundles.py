"""Bundles of before serve as they did: histories in columns, as the first releases wrote them."""

import shutil
from pathlib import Path

import numpy as np
import orjson
import pytest

from data.arrays.history_table import TABLE_ARRAYS, HistoryTable
from data.interactions import EVENT_COLUMNS
from ranking.bundling import load_recommender
from ranking.query import Query
from ranking.recommender import Recommender
from shortlist.bundle import open_bundle
from shortlist.hashing import file_sha256
from shortlist.home import Home
from shortlist.registry import Registry

COLUMNS = ("user_offsets", *EVENT_COLUMNS)


@pytest.fixture(params=[COLUMNS, TABLE_ARRAYS], ids=["columns", "prices of events"])
def old_bundle(
    request: pytest.FixtureRequest, tmp_path: Path, small_home: Home, small_recommender: Recommender
) -> Path:
    """The small shop's bundle with its histories as they were stored."""
    version = str(Registry(small_home).current())
    folder = tmp_path / "home/bundles" / version
    shutil.copytree(small_home.bundles / version, folder)
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    for path in folder.glob("history_*.npy"):
        path.unlink()
        del manifest["files"][path.name]
    stored = HistoryTable.of(small_recommender.table.interactions())
    for name in request.param:
        path = folder / f"history_{name}.npy"
        array = getattr(stored.interactions() if request.param is COLUMNS else stored, name)
        np.save(path, array)
        facts = {"dtype": array.dtype.str, "shape": array.shape, "missing": False}
        manifest["files"][path.name] = {"size_bytes": path.stat().st_size, "sha256": file_sha256(path), **facts}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    return folder


def test_its_lists_are_the_same(old_bundle: Path, small_recommender: Recommender) -> None:
    """Whether its histories are in columns, or in a table with a price in each row."""
    old = load_recommender(open_bundle(old_bundle))
    users = small_recommender.table.users
    for user in (users.external(place) for place in range(0, len(users), 7)):
        assert old.recommend(Query(user, limit=20)) == small_recommender.recommend(Query(user, limit=20))
