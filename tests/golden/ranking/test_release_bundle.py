"""A bundle of the release before still answers, as it did then."""

import json
from pathlib import Path

import pytest

from ranking.bundling import load_recommender
from ranking.recommender import Query, Recommender
from shortlist.bundle import open_bundle

RELEASE = Path(__file__).parent / "release_0_1"
LISTS = json.loads((RELEASE / "lists.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    """The bundle that release 0.1 wrote."""
    (folder,) = (path for path in RELEASE.iterdir() if path.is_dir())
    return load_recommender(open_bundle(folder))


@pytest.mark.parametrize("asked", LISTS)
def test_lists_are_those_of_the_release(recommender: Recommender, asked: str) -> None:
    """Items and reasons are the same; scores, which release 0.1 computed by another processor, to four digits."""
    user_id, stage = asked.split("|")
    wanted = LISTS[asked]
    found = recommender.recommend(
        Query(user_id, limit=10, stage=stage, exclude_purchased=user_id == "user-017", explain=True)
    )
    assert [item.item_id for item in found.items] == wanted["items"]
    assert [list(item.reasons) for item in found.items] == wanted["reasons"]
    assert [item.score for item in found.items] == pytest.approx(wanted["scores"], abs=1e-4)
    assert found.source == wanted["source"]
