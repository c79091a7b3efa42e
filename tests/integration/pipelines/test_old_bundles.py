"""Bundles of before serve as they did: histories in columns, as the first releases wrote them."""

import shutil
from pathlib import Path

import numpy as np
import orjson
import pytest

from data.arrays.history_table import TABLE_ARRAYS
from data.interactions import EVENT_COLUMNS
from ranking.bundling import load_recommender
from ranking.query import Query
from ranking.recommender import Recommender
from shortlist.bundle import open_bundle
from shortlist.hashing import file_sha256
from shortlist.home import Home
from shortlist.registry import Registry


@pytest.fixture
def old_bundle(tmp_path: Path, small_home: Home, small_recommender: Recommender) -> Path:
    """The small shop's bundle with its histories in columns."""
    version = str(Registry(small_home).current())
    folder = tmp_path / "home/bundles" / version
    shutil.copytree(small_home.bundles / version, folder)
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    for name in TABLE_ARRAYS:
        (folder / f"history_{name}.npy").unlink()
        del manifest["files"][f"history_{name}.npy"]
    columns = small_recommender.table.interactions()
    for name in ("user_offsets", *EVENT_COLUMNS):
        path, array = folder / f"history_{name}.npy", getattr(columns, name)
        np.save(path, array)
        facts = {"dtype": array.dtype.str, "shape": array.shape, "missing": False}
        manifest["files"][path.name] = {"size_bytes": path.stat().st_size, "sha256": file_sha256(path), **facts}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    return folder


def test_its_lists_are_the_same(old_bundle: Path, small_recommender: Recommender) -> None:
    old = load_recommender(open_bundle(old_bundle))
    users = small_recommender.table.users
    for user in (users.external(place) for place in range(0, len(users), 7)):
        assert old.recommend(Query(user, limit=20)) == small_recommender.recommend(Query(user, limit=20))
