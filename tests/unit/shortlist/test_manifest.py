"""Manifests and the names they may hold."""

import os
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from shortlist.errors import BundleError, BundleVersionError
from shortlist.manifest import (
    MAX_MANIFEST_BYTES,
    check_file_name,
    check_version_name,
    read_manifest,
    version_name,
)


@pytest.mark.parametrize("name", ["a.npy", "als_index.faiss", "ranker.txt", "t0.parquet"])
def test_plain_names_pass(name: str) -> None:
    """A plain lower-case name of a known kind passes unchanged."""
    assert check_file_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["../a.npy", "/a.npy", "a/b.npy", "a\\b.npy", "..npy", ".a.npy", "a.pkl", "a", "", "A.npy", "a.npy\n", "a\x00.npy"],
)
def test_other_names_are_refused(name: str) -> None:
    """A name that could leave the folder, or of another kind, is refused."""
    with pytest.raises(ValueError, match="plain lower-case name"):
        check_file_name(name)


@pytest.mark.parametrize("name", ["../v", "a/b", "", ".", "..", ".hidden", "a..b", "v\n", "x" * 101])
def test_version_names_stay_in_their_folder(name: str) -> None:
    """A version's name that could leave the folder of bundles is a `BundleError`."""
    with pytest.raises(BundleError):
        check_version_name(name)


def test_version_name_sorts_by_time() -> None:
    """A version's name begins with its moment, and passes its own check."""
    name = version_name(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC), "abcdef0123")
    assert check_version_name(name) == "20260304T050607-abcdef01"


def test_manifest_survives_writing(whole_bundle: Path, tmp_path: Path) -> None:
    """What is read is what was written, to the byte."""
    manifest = read_manifest(whole_bundle)
    (tmp_path / "manifest.json").write_bytes(manifest.to_json())
    assert read_manifest(tmp_path) == manifest
    assert manifest.to_json() == (whole_bundle / "manifest.json").read_bytes()


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b"{", b"\xff", b'"text"', b"1", b'{"format_version": 1}', b"[" * 5_000]
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    """Bytes that are no manifest give a `BundleError`."""
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError):
        read_manifest(tmp_path)


@pytest.mark.parametrize("found", [0, 2, "1", None, [1]])
def test_other_format_is_named(tmp_path: Path, found: object) -> None:
    """A manifest of another format says which it is and which is read, before anything else is looked at."""
    (tmp_path / "manifest.json").write_bytes(orjson.dumps({"format_version": found, "new": 1}))
    with pytest.raises(BundleVersionError, match=r"format version .* reads 1"):
        read_manifest(tmp_path)


def test_missing_linked_and_huge_manifests_are_refused(whole_bundle: Path, tmp_path: Path) -> None:
    """No manifest, a link to a good one, a folder of that name and an enormous file are each a `BundleError`."""
    path = tmp_path / "manifest.json"
    with pytest.raises(BundleError, match="cannot be read"):
        read_manifest(tmp_path)
    path.symlink_to(whole_bundle / "manifest.json")
    with pytest.raises(BundleError, match="link"):
        read_manifest(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(BundleError):
        read_manifest(tmp_path)
    path.rmdir()
    path.touch()
    os.truncate(path, MAX_MANIFEST_BYTES + 1)
    with pytest.raises(BundleError, match="larger"):
        read_manifest(tmp_path)
