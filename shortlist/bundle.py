"""The bundle: a folder of plain files that a manifest lists, checked whole before any library parses one of them."""

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist.atomic import replace_file
from shortlist.errors import BundleError
from shortlist.hashing import content_sha256, file_sha256
from shortlist.ids import IdMap
from shortlist.manifest import MANIFEST_NAME, FileEntry, Manifest, check_file_name, read_manifest
from shortlist.texts import Texts

Array = npt.NDArray[Any]


class BundleWriter:
    """Collects the files of a bundle in a staging folder.

    Names are given without a suffix: ``add_array("item_factors", ...)`` writes ``item_factors.npy``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries: dict[str, FileEntry] = {}

    def add_array(self, name: str, array: Array, *, missing: bool = False) -> None:
        """Write one array. Raises ``ValueError`` for infinities, and for NaN unless `missing` allows it."""
        if array.dtype.hasobject:
            raise ValueError(f"{name}: an array of objects cannot be mapped")
        _check_finite(name, array, missing=missing)
        path = self._path(f"{name}.npy")
        np.save(path, np.ascontiguousarray(array), allow_pickle=False)
        self._enter(path, dtype=array.dtype.str, shape=array.shape, missing=missing)

    def add_ids(self, name: str, ids: IdMap) -> None:
        """Write an id map as its two arrays."""
        self.add_array(f"{name}_text", ids.text)
        self.add_array(f"{name}_offsets", ids.offsets)

    def add_texts(self, name: str, texts: Texts) -> None:
        """Write a column of texts as its two arrays."""
        self.add_array(f"{name}_text", texts.text)
        self.add_array(f"{name}_offsets", texts.offsets)

    def add_text(self, name: str, text: str) -> None:
        """Write a text file."""
        path = self._path(f"{name}.txt")
        path.write_text(text, encoding="utf-8")
        self._enter(path)

    def add_index(self, name: str, content: bytes) -> None:
        """Write a serialised FAISS index."""
        path = self._path(f"{name}.faiss")
        path.write_bytes(content)
        self._enter(path)

    @property
    def entries(self) -> Mapping[str, FileEntry]:
        """What was written so far."""
        return self._entries

    def _path(self, name: str) -> Path:
        path = self.folder / check_file_name(name)
        if path.exists():
            raise ValueError(f"{name} is written already")
        return path

    def _enter(self, path: Path, **facts: Any) -> None:
        self._entries[path.name] = FileEntry(size_bytes=path.stat().st_size, sha256=file_sha256(path), **facts)


class Bundle:
    """A verified bundle. Arrays come memory-mapped and read-only, so that workers share their pages.

    Use `open_bundle`; the constructor checks nothing.

    Attributes
    ----------
    seal : str
        Changes when a file is written to, or another takes its place.
    is_checked : bool
        Whether all checks were passed before, under this seal.
    """

    def __init__(self, folder: Path, manifest: Manifest, seal: str = "", *, is_checked: bool = False) -> None:
        self.folder = folder
        self.manifest = manifest
        self.seal = seal
        self.is_checked = is_checked

    @property
    def version(self) -> str:
        """The version's name."""
        return self.manifest.version

    def array(self, name: str) -> Array:
        """A memory-mapped array, read-only; a plain ndarray, since each part of an ``np.memmap`` costs microseconds."""
        mapped: Array = np.load(self.path(f"{name}.npy"), mmap_mode="r", allow_pickle=False)
        return mapped.view(np.ndarray)

    def ids(self, name: str) -> IdMap:
        """An id map."""
        return IdMap(self.array(f"{name}_text"), self.array(f"{name}_offsets"))

    def texts(self, name: str) -> Texts:
        """A column of texts."""
        return Texts(self.array(f"{name}_text"), self.array(f"{name}_offsets"))

    def text(self, name: str) -> str:
        """A text file's content."""
        return self.path(f"{name}.txt").read_text(encoding="utf-8")

    def path(self, name: str) -> Path:
        """The path of a listed file. Raises ``BundleError`` for any other name."""
        if name not in self.manifest.files:
            raise BundleError(f"{self.folder}: holds no {name}. Train again with this release.")
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether a file of this full name is listed."""
        return name in self.manifest.files


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, last of all files."""
    replace_file(folder / MANIFEST_NAME, manifest.to_json())


def open_bundle(folder: Path, seals: Container[str] = ()) -> Bundle:
    """Check every file of a bundle against its manifest, then open it.

    Costs one read of all bytes. Nothing is parsed by FAISS, LightGBM or Arrow before its hash is known to be right.

    Parameters
    ----------
    seals : container of str
        Those of bundles that have been checked whole: no byte of such a one is read again.

    Raises
    ------
    BundleError
        When a file is missing, unlisted, a link, of another size or hash, or an array is not what the manifest says.
    """
    manifest = read_manifest(folder)
    _check_names(folder, manifest)
    seal = _seal(folder, manifest)
    if seal in seals:
        return Bundle(folder, manifest, seal, is_checked=True)
    for name, entry in manifest.files.items():
        _check_file(folder / name, entry)
    return Bundle(folder, manifest, seal)


def _seal(folder: Path, manifest: Manifest) -> str:
    """What the file system says of each file: whoever writes to one, or puts another in its place, changes it."""
    try:
        found = [(name, (folder / name).lstat()) for name in sorted({MANIFEST_NAME, *manifest.files})]
    except OSError as error:
        raise BundleError(f"{folder}: a file cannot be looked at: {error}. Copy the bundle again.") from error
    facts = [[name, of.st_dev, of.st_ino, of.st_mode, of.st_size, of.st_mtime_ns, of.st_ctime_ns] for name, of in found]
    return content_sha256([str(folder.resolve()), facts])


def _check_names(folder: Path, manifest: Manifest) -> None:
    if manifest.version != folder.name and not folder.name.startswith("."):
        raise BundleError(f"{folder}: its manifest calls it {manifest.version!r}. Copy the bundle under its own name.")
    present = {path.name for path in folder.iterdir()} - {MANIFEST_NAME}
    for name in sorted(present - set(manifest.files)):
        raise BundleError(f"{folder / name}: not listed in the manifest. Remove it or train again.")
    for name in sorted(set(manifest.files) - present):
        raise BundleError(f"{folder / name}: listed in the manifest but missing. Copy the bundle again.")


def _check_file(path: Path, entry: FileEntry) -> None:
    if path.is_symlink() or not path.is_file():
        raise BundleError(f"{path}: not a plain file. Copy the bundle again without links.")
    if path.stat().st_size != entry.size_bytes:
        raise BundleError(f"{path}: {path.stat().st_size} bytes, the manifest says {entry.size_bytes}. Copy it again.")
    if file_sha256(path) != entry.sha256:
        raise BundleError(f"{path}: its SHA-256 is not the manifest's. Copy or train the bundle again.")
    try:
        if path.suffix == ".npy":
            _check_array(path, entry)
    except (ValueError, OSError, EOFError) as error:
        raise BundleError(f"{path}: cannot be read: {error}. Train again.") from error


def _check_array(path: Path, entry: FileEntry) -> None:
    array = np.load(path, mmap_mode="r" if entry.shape and 0 not in entry.shape else None, allow_pickle=False)
    if array.dtype.str != entry.dtype or array.shape != entry.shape:
        raise BundleError(
            f"{path}: {array.dtype.str} {array.shape}, the manifest says {entry.dtype} {entry.shape}. Train again."
        )
    _check_finite(path.name, array, missing=entry.missing)


def _check_finite(name: str, array: Array, *, missing: bool) -> None:
    if array.dtype.kind != "f":
        return
    bad = np.isinf(array).any() if missing else not np.isfinite(array).all()
    if bad:
        raise ValueError(f"{name}: holds values that are not finite")
