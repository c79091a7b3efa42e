"""The one door: nothing serves that was not loaded first."""

import shutil
from pathlib import Path

import pytest

import ranking.ranker
from pipelines.publishing import publish, rollback
from shortlist.errors import BundleError
from shortlist.home import Home
from shortlist.registry import Registry

OTHER = "20200101T000000-aaaaaaaa"


@pytest.fixture
def home(small_home: Home, tmp_path: Path) -> Home:
    """A home with two versions of one bundle, the second serving."""
    copy = Home(Path(shutil.copytree(small_home.root, tmp_path / "home")))
    version = Registry(copy).resolve("current")
    folder = Path(shutil.copytree(copy.bundles / version, copy.bundles / OTHER))
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(version, OTHER))
    Registry(copy).publish(OTHER)
    Registry(copy).publish(version)
    return copy


def test_a_version_is_published_with_what_scores_it(home: Home) -> None:
    """The kernel scores the trees of an ordinary bundle, which is no warning; the way back is through the door too."""
    version = Registry(home).resolve("current")
    back = rollback(home)
    assert (back.version, back.scorer, back.warning()) == (OTHER, "compiled", "")
    assert publish(home, version).version == Registry(home).current() == version


def test_a_kernel_that_does_not_agree_is_said(home: Home, monkeypatch) -> None:
    """LightGBM scores then, and the one who publishes is told."""
    monkeypatch.setattr(ranking.ranker, "proven_trees", lambda booster, text: None)
    published = publish(home, OTHER)
    assert published.scorer == "lightgbm"
    assert "several times as slowly" in published.warning()


@pytest.mark.parametrize("leave", ["publish", "rollback"])
def test_what_cannot_be_loaded_does_not_serve(home: Home, leave: str) -> None:
    """Whole files that this release cannot serve change nothing, forwards and back."""
    manifest = home.bundles / OTHER / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"order": "ranker"', '"order": "alphabetical"'))
    before = Registry(home).current()
    with pytest.raises(BundleError, match="alphabetical"):
        publish(home, OTHER) if leave == "publish" else rollback(home)
    assert Registry(home).current() == before
