"""The one door: nothing serves that was not loaded first."""

import shutil
from pathlib import Path

import pytest

import ranking.ranker
from pipelines.publishing import forced, publish, rollback
from shortlist.errors import BundleError, GateRefused
from shortlist.home import Home
from shortlist.manifest import Verdict, VerdictName
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
    assert (back.version, back.scorer, list(back.warnings())) == (OTHER, "compiled", [])
    assert publish(home, version).version == Registry(home).current() == version


def test_a_kernel_that_does_not_agree_is_said(home: Home, monkeypatch) -> None:
    """LightGBM scores then, and the one who publishes is told."""
    monkeypatch.setattr(ranking.ranker, "proven_trees", lambda booster, text: None)
    published = publish(home, OTHER)
    assert published.scorer == "lightgbm"
    assert "several times as slowly" in next(published.warnings())


@pytest.mark.parametrize("leave", ["publish", "rollback"])
def test_what_cannot_be_loaded_does_not_serve(home: Home, leave: str) -> None:
    """Whole files that this release cannot serve change nothing, forwards and back."""
    manifest = home.bundles / OTHER / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"order": "ranker"', '"order": "alphabetical"'))
    before = Registry(home).current()
    with pytest.raises(BundleError, match="alphabetical"):
        publish(home, OTHER) if leave == "publish" else rollback(home)
    assert Registry(home).current() == before


def with_verdict(home: Home, version: str, verdict: Verdict) -> None:
    """Let a bundle's manifest hold a verdict."""
    path = home.bundles / version / "manifest.json"
    manifest = Registry(home).open(version).manifest
    path.write_bytes(manifest.model_copy(update={"gate": verdict}).to_json())


def test_what_the_gate_refused_is_published_by_force_alone(home: Home) -> None:
    """It is refused with the reason; by force it serves, of which a record is kept; the way back is never barred."""
    first = Registry(home).current()
    with_verdict(home, OTHER, Verdict(verdict="refused", reasons=("NDCG@10 is lower.",)))
    with pytest.raises(GateRefused, match=r"NDCG@10 is lower.*--force"):
        publish(home, OTHER)
    assert Registry(home).current() == first
    done = publish(home, OTHER, is_forced=True)
    assert (done.version, any("refused" in warning for warning in done.warnings())) == (OTHER, True)
    (record,) = forced(home)
    assert (record["version"], record["reasons"]) == (OTHER, ["NDCG@10 is lower."])
    assert rollback(home).version == first
    assert rollback(home).version == OTHER
    assert len(forced(home)) == 1


def test_the_first_bundle_of_a_home_is_never_refused(home: Home) -> None:
    """There is nothing that it could be worse than."""
    with_verdict(home, OTHER, Verdict(verdict="refused", reasons=("worse",)))
    home.current.unlink()
    assert publish(home, OTHER).version == OTHER


@pytest.mark.parametrize("name", ["not_judged", "too_few_users"])
def test_what_was_not_judged_is_published_with_a_warning(home: Home, name: VerdictName) -> None:
    """The one who publishes is told why."""
    with_verdict(home, OTHER, Verdict(verdict=name, reasons=("No later events.",)))
    (warning,) = publish(home, OTHER).warnings()
    assert name in warning
    assert "No later events." in warning
