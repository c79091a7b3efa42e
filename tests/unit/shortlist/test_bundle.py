"""Writing and opening bundles."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from ranking.bundling import load_recommender
from ranking.query import Query
from shortlist.bundle import BundleWriter, open_bundle
from shortlist.errors import BundleError, BundleVersionError, FeatureSchemaError


def test_whole_bundle_opens(whole_bundle: Path) -> None:
    """A bundle as it was written opens, and its arrays cannot be written to."""
    bundle = open_bundle(whole_bundle)
    array = bundle.array("popular_score")
    assert bundle.version == whole_bundle.name
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1.0


def test_unlisted_names_are_not_given(whole_bundle: Path) -> None:
    """A name that is not in the manifest is refused, also when such a file exists."""
    bundle = open_bundle(whole_bundle)
    for name in ("manifest.json", "../../CURRENT", "none.npy"):
        with pytest.raises(BundleError, match="holds no"):
            bundle.path(name)


def test_writer_refuses_what_no_bundle_may_hold(tmp_path: Path) -> None:
    """Objects, infinities, unasked NaN, a name given twice and a path are a `ValueError`."""
    writer = BundleWriter(tmp_path)
    writer.add_array("a", np.array([np.nan], dtype=np.float32), missing=True)
    for name, array in {
        "objects": np.array([None]),
        "infinite": np.array([np.inf]),
        "nan": np.array([np.nan]),
        "a": np.array([1.0]),
        "../a": np.array([1.0]),
    }.items():
        with pytest.raises(ValueError, match=r".+"):
            writer.add_array(name, array)
    with pytest.raises(ValueError, match="not finite"):
        writer.add_array("b", np.array([np.inf]), missing=True)
    assert list(writer.entries) == ["a.npy"]


@pytest.mark.parametrize("array", [np.zeros((0, 3), np.float32), np.zeros(0, np.int64), np.zeros((2, 0), np.bool_)])
def test_empty_arrays_come_back(bundle_copy: Path, edit_manifest, array: np.ndarray) -> None:
    """An array without elements is written, checked and given back."""
    writer = BundleWriter(bundle_copy)
    writer.add_array("nothing", array)
    entry = writer.entries["nothing.npy"].model_dump(mode="json")
    edit_manifest(bundle_copy, lambda fields: fields["files"].update({"nothing.npy": entry}))
    found = open_bundle(bundle_copy).array("nothing")
    assert (found.shape, found.dtype) == (array.shape, array.dtype)


def test_folder_of_another_name_is_refused(bundle_copy: Path) -> None:
    """A bundle answers to the version that its manifest says, and to no other name."""
    with pytest.raises(BundleError, match="own name"):
        open_bundle(bundle_copy.rename(bundle_copy.with_name("other")))


def test_links_are_refused(bundle_copy: Path, whole_bundle: Path) -> None:
    """A link in the place of a file is refused though it leads to the right bytes."""
    (bundle_copy / "popular_score.npy").unlink()
    (bundle_copy / "popular_score.npy").symlink_to(whole_bundle / "popular_score.npy")
    with pytest.raises(BundleError, match="links"):
        open_bundle(bundle_copy)


def test_unlisted_files_are_refused(bundle_copy: Path) -> None:
    """A file, hidden or not, or a folder that the manifest does not list is refused by its name."""
    for name in (".hidden", "extra.npy"):
        (bundle_copy / name).write_bytes(b"x")
        with pytest.raises(BundleError, match=name):
            open_bundle(bundle_copy)
        (bundle_copy / name).unlink()
    (bundle_copy / "folder").mkdir()
    with pytest.raises(BundleError, match="folder"):
        open_bundle(bundle_copy)


CHANGES = {
    "size": lambda f: f["files"]["popular_score.npy"].update(size_bytes=1),
    "negative size": lambda f: f["files"]["popular_score.npy"].update(size_bytes=-1),
    "hash": lambda f: f["files"]["popular_score.npy"].update(sha256="0" * 64),
    "short hash": lambda f: f["files"]["popular_score.npy"].update(sha256="0"),
    "dtype": lambda f: f["files"]["popular_score.npy"].update(dtype="<f8"),
    "no dtype": lambda f: f["files"]["popular_score.npy"].update(dtype=None),
    "object dtype": lambda f: f["files"]["popular_score.npy"].update(dtype="|O"),
    "shape": lambda f: f["files"]["popular_score.npy"].update(shape=[121]),
    "deep shape": lambda f: f["files"]["popular_score.npy"].update(shape=[61, 2]),
    "negative shape": lambda f: f["files"]["popular_score.npy"].update(shape=[-1]),
    "no shape": lambda f: f["files"]["popular_score.npy"].update(shape=None),
    "unknown key of a file": lambda f: f["files"]["popular_score.npy"].update(mode="rw"),
    "unknown key": lambda f: f.update(extra=1),
    "file left out": lambda f: f["files"].pop("popular_score.npy"),
    "file of no bundle": lambda f: f["files"].update({"none.npy": f["files"]["popular_score.npy"]}),
    "path upwards": lambda f: f["files"].update({"../manifest.txt": f["files"]["popular_score.npy"]}),
    "absolute path": lambda f: f["files"].update({"/etc/passwd.txt": f["files"]["popular_score.npy"]}),
    "path downwards": lambda f: f["files"].update({"a/b.npy": f["files"]["popular_score.npy"]}),
    "files no object": lambda f: f.update(files=[]),
    "no data": lambda f: f.pop("data"),
    "version": lambda f: f.update(version="other"),
    "version upwards": lambda f: f.update(version="../x"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_manifest_is_refused(bundle_copy: Path, edit_manifest, change: str) -> None:
    """A manifest that does not say what the files are is a `BundleError`."""
    edit_manifest(bundle_copy, CHANGES[change])
    with pytest.raises(BundleError):
        open_bundle(bundle_copy)


def test_other_format_version_is_refused(bundle_copy: Path, edit_manifest) -> None:
    """A bundle of another format is a `BundleVersionError`."""
    edit_manifest(bundle_copy, lambda fields: fields.update(format_version=2))
    with pytest.raises(BundleVersionError):
        open_bundle(bundle_copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.update(features=f["features"][1:]),
        lambda f: f.update(features=f["features"][::-1]),
        lambda f: f.update(features=[[name, "<f8"] for name, _ in f["features"]]),
        lambda f: f.update(features=[]),
    ],
)
def test_other_features_are_refused(bundle_copy: Path, edit_manifest, change) -> None:
    """A bundle whose features are not this release's, in name, order or dtype, is a `FeatureSchemaError`."""
    edit_manifest(bundle_copy, change)
    with pytest.raises(FeatureSchemaError):
        load_recommender(open_bundle(bundle_copy))


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.clear(),
        lambda config: config.pop("candidate_gen"),
        lambda config: config["candidate_gen"]["als"].update(half_life_days=13),
        lambda config: config["candidate_gen"].update(future_source=1),
    ],
)
def test_other_configuration_is_refused(bundle_copy: Path, edit_manifest, change) -> None:
    """A manifest whose configuration this release does not read gives a `BundleError` and nothing else."""
    edit_manifest(bundle_copy, lambda fields: change(fields["config"]))
    with pytest.raises(BundleError):
        load_recommender(open_bundle(bundle_copy))


def test_a_sealed_bundle_is_mapped_without_reading_it(bundle_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the seal of a bundle that was checked no hash is computed, and the lists are the same."""
    seal = open_bundle(bundle_copy).seal
    monkeypatch.setattr("shortlist.bundle.file_sha256", lambda path: pytest.fail(f"{path} was read"))
    bundle = open_bundle(bundle_copy, {seal})
    assert bundle.is_checked
    assert load_recommender(bundle).recommend(Query("user-004")).source == "personalized"


@pytest.mark.parametrize("way", ["write", "replace", "link"])
def test_a_bundle_that_was_written_to_has_another_seal(bundle_copy: Path, tmp_path: Path, way: str) -> None:
    """Even where size and time of change look as before: it is read again, and what is wrong is found."""
    seal = open_bundle(bundle_copy).seal
    path = bundle_copy / "popular_score.npy"
    before, content = path.stat(), path.read_bytes()
    spoilt = content[:-1] + bytes([content[-1] ^ 1])
    if way == "write":
        path.write_bytes(spoilt)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        (tmp_path / "other").write_bytes(spoilt)
        path.unlink()
        (shutil.move if way == "replace" else os.symlink)(tmp_path / "other", path)
    with pytest.raises(BundleError, match=r"SHA-256|plain file"):
        open_bundle(bundle_copy, {seal})
