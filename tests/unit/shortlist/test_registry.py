"""Publishing, rolling back, and what a crash leaves."""

import shutil
from pathlib import Path

import orjson
import pytest

from shortlist.errors import BundleError
from shortlist.home import Home
from shortlist.registry import Registry

FIRST, SECOND, THIRD = "20260101T000000-aaaaaaaa", "20260102T000000-bbbbbbbb", "20260103T000000-cccccccc"


@pytest.fixture
def registry(whole_bundle: Path, tmp_path: Path, edit_manifest) -> Registry:
    """A home with three whole bundles, none published."""
    home = Home(tmp_path / "home")
    for version in (THIRD, FIRST, SECOND):
        folder = Path(shutil.copytree(whole_bundle, home.bundles / version))
        day = {FIRST: 1, SECOND: 2, THIRD: 3}[version]
        edit_manifest(
            folder, lambda fields, v=version, d=day: fields.update(version=v, created_at=f"2026-01-0{d}T00:00:00Z")
        )
    return Registry(home)


def history(registry: Registry) -> list[str]:
    """What publications.json holds."""
    return orjson.loads((registry.home.root / "publications.json").read_bytes())


def test_empty_home_has_nothing(tmp_path: Path) -> None:
    """Without a home there is no version, and asking for one says what to run."""
    registry = Registry(Home(tmp_path / "none"))
    assert (registry.versions(), registry.current()) == ([], None)
    for name in ("latest", "current"):
        with pytest.raises(BundleError, match="shortlist train"):
            registry.resolve(name)
    assert not (tmp_path / "none").exists()


def test_versions_are_oldest_first(registry: Registry) -> None:
    """Versions are listed by the time they were made, and folders that are none are passed over."""
    (registry.home.bundles / ".tmp-x").mkdir()
    (registry.home.bundles / "stray").mkdir()
    assert [manifest.version for manifest in registry.versions()] == [FIRST, SECOND, THIRD]
    assert registry.resolve("latest") == THIRD


def test_latest_is_what_was_trained_last_whatever_the_clock_said(registry: Registry, edit_manifest) -> None:
    """A version made while the clock stood in 2030 is older than the one trained after it."""
    edit_manifest(registry.folder(FIRST), lambda fields: fields.update(created_at="2030-01-01T00:00:00Z"))
    second = registry.folder(SECOND).rename(registry.home.root / SECOND)
    assert registry.resolve("latest") == FIRST
    registry.enrol(SECOND)
    assert registry.resolve("latest") == FIRST, "enrolled, but not there yet"
    second.rename(registry.folder(SECOND))
    assert [manifest.version for manifest in registry.versions()] == [THIRD, FIRST, SECOND]
    assert registry.resolve("latest") == SECOND


def test_a_bundle_from_elsewhere_has_its_place_by_its_time(registry: Registry) -> None:
    """A copied bundle is the latest when it was made after the last one trained here, and else not."""
    copied = registry.folder(SECOND).rename(registry.home.root / SECOND)
    registry.enrol(THIRD)
    copied.rename(registry.folder(SECOND))
    assert [manifest.version for manifest in registry.versions()] == [FIRST, SECOND, THIRD]


def test_publish_and_roll_back(registry: Registry) -> None:
    """A roll-back goes back through what was published, one step each, and stops at the first."""
    for version in (FIRST, THIRD, SECOND):
        assert registry.publish(version) == version
        assert registry.resolve("current") == registry.current() == version
    assert (registry.rollback(), registry.rollback()) == (THIRD, FIRST)
    with pytest.raises(BundleError, match="no version served before"):
        registry.rollback()
    assert registry.current() == FIRST


def test_publishing_the_serving_version_changes_nothing(registry: Registry) -> None:
    """A second publication of one version does not make it its own predecessor."""
    registry.publish(FIRST)
    registry.publish(SECOND)
    registry.publish("current")
    assert history(registry) == [FIRST, SECOND]
    assert registry.rollback() == FIRST


def test_published_again_after_a_roll_back(registry: Registry) -> None:
    """After a roll-back the history goes on from the version that serves."""
    registry.publish(FIRST)
    registry.publish(SECOND)
    registry.rollback()
    registry.publish(THIRD)
    assert history(registry) == [FIRST, THIRD]
    assert registry.rollback() == FIRST


def test_crash_between_history_and_current(registry: Registry) -> None:
    """A history that names a version which never came to serve is cut back to the one that does."""
    registry.publish(FIRST)
    registry.publish(SECOND)
    (registry.home.root / "publications.json").write_bytes(orjson.dumps([FIRST, SECOND, THIRD]))
    assert registry.current() == SECOND
    assert registry.rollback() == FIRST


def test_crash_in_a_roll_back(registry: Registry) -> None:
    """When only CURRENT was put back, the version that serves stays the one to go on from."""
    registry.publish(FIRST)
    registry.publish(SECOND)
    registry.home.current.write_text(FIRST + "\n")
    with pytest.raises(BundleError, match="no version served before"):
        registry.rollback()
    registry.publish(THIRD)
    assert registry.rollback() == FIRST


def test_lost_history_keeps_the_serving_version(registry: Registry) -> None:
    """Without a history the serving version still serves, and the next publication can be taken back."""
    registry.publish(FIRST)
    (registry.home.root / "publications.json").unlink()
    assert registry.current() == FIRST
    registry.publish(SECOND)
    assert registry.rollback() == FIRST


def test_damaged_history_is_no_crash(registry: Registry) -> None:
    """A history that is no JSON is a `BundleError` or counts as lost, and the serving version stays."""
    registry.publish(FIRST)
    (registry.home.root / "publications.json").write_bytes(b"{")
    try:
        registry.publish(SECOND)
    except BundleError:
        assert registry.current() == FIRST
    else:
        assert registry.current() == SECOND


def test_damaged_bundles_are_not_published(registry: Registry) -> None:
    """A version that is not whole is refused, and what served goes on serving."""
    registry.publish(FIRST)
    (registry.folder(SECOND) / "popular_score.npy").unlink()
    with pytest.raises(BundleError, match="popular_score"):
        registry.publish(SECOND)
    assert (registry.current(), history(registry)) == (FIRST, [FIRST])


def test_damaged_predecessor_is_not_rolled_back_to(registry: Registry) -> None:
    """A roll-back to a version that is not whole is refused, and what served goes on serving."""
    registry.publish(FIRST)
    registry.publish(SECOND)
    (registry.folder(FIRST) / "popular_score.npy").write_bytes(b"")
    with pytest.raises(BundleError, match="popular_score"):
        registry.rollback()
    assert registry.current() == SECOND


def test_one_unreadable_bundle_does_not_hide_the_others(registry: Registry) -> None:
    """A folder whose manifest cannot be read is left out of the versions."""
    (registry.folder(FIRST) / "manifest.json").write_bytes(b"{")
    assert [manifest.version for manifest in registry.versions()] == [SECOND, THIRD]


@pytest.mark.parametrize("name", ["", "..", "../x", "none", "/etc"])
def test_other_names_are_refused(registry: Registry, name: str) -> None:
    """A name that is no version's, or that nothing is called, is a `BundleError`."""
    with pytest.raises(BundleError):
        registry.resolve(name)
    with pytest.raises(BundleError):
        registry.publish(name)


@pytest.mark.parametrize("content", [b"", b"\n", b"../../x\n", b"\xff\n"])
def test_damaged_current_is_a_bundle_error(registry: Registry, content: bytes) -> None:
    """A CURRENT that names no version is a `BundleError`, never a path to follow."""
    registry.home.current.write_bytes(content)
    with pytest.raises(BundleError):
        registry.resolve("current")


@pytest.mark.parametrize("content", [b"", b"../x\n", b"\xff\n", b"no-such-version\n"])
def test_publishing_mends_a_damaged_current(registry: Registry, content: bytes) -> None:
    """When CURRENT names no version, naming one by `publish` is the way out."""
    registry.home.current.write_bytes(content)
    registry.publish(SECOND)
    assert registry.current() == SECOND


def test_copy_under_another_name_is_no_version(registry: Registry) -> None:
    """A bundle's folder under a name that is not its own is not listed."""
    shutil.copytree(registry.folder(FIRST), registry.home.bundles / "copy")
    assert [manifest.version for manifest in registry.versions()] == [FIRST, SECOND, THIRD]
