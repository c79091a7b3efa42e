"""The versions in a home: which there are, which one serves, and the way back."""

import contextlib
from collections.abc import Container
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from shortlist.atomic import locked, replace_file
from shortlist.bundle import Bundle, open_bundle
from shortlist.errors import BundleError
from shortlist.home import Home
from shortlist.manifest import Manifest, check_version_name, read_manifest

_VERSIONS = TypeAdapter(list[str])


class Registry:
    """The bundles of a home.

    ``CURRENT`` names the serving version; ``publications.json`` holds the order in which versions were published, so
    that a roll-back knows where to go. A crash between writing the two leaves ``CURRENT`` right, and the history is
    read up to what it names. ``trainings.json`` holds the order in which versions were trained, by no clock.
    """

    def __init__(self, home: Home) -> None:
        self.home = home

    def versions(self) -> list[Manifest]:
        """The manifests of all bundles in the order of their training.

        A bundle that came from elsewhere stands behind those that were made before it by its ``created_at``. Folders
        without a manifest of their own are left out.
        """
        found = {manifest.version: manifest for manifest in self._manifests()}
        ordered = [found.pop(version) for version in self._read_list(self._trainings_path) if version in found]
        for manifest in found.values():
            older = [place for place, other in enumerate(ordered, 1) if other.created_at <= manifest.created_at]
            ordered.insert(max(older, default=0), manifest)
        return ordered

    def enrol(self, version: str) -> None:
        """Note that a version is being trained now, after all that are there."""
        self.home.bundles.mkdir(parents=True, exist_ok=True)
        with locked(self.home.bundles, waits=True):
            known = [manifest.version for manifest in self.versions()]
            replace_file(self._trainings_path, orjson.dumps([*known, version]))

    def _manifests(self) -> list[Manifest]:
        """The manifests of all bundles by the time they were made."""
        if not self.home.bundles.is_dir():
            return []
        manifests = []
        for folder in self.home.bundles.iterdir():
            with contextlib.suppress(BundleError):  # one that is damaged must not hide the others
                manifest = read_manifest(folder)
                if manifest.version == folder.name:
                    manifests.append(manifest)
        return sorted(manifests, key=lambda manifest: (manifest.created_at, manifest.version))

    def current(self) -> str | None:
        """The serving version, None before the first publication. Raises ``BundleError`` for a damaged ``CURRENT``."""
        try:
            return check_version_name(self.home.current.read_text(encoding="utf-8", errors="replace").strip())
        except FileNotFoundError:
            return None
        except (OSError, BundleError) as error:
            raise BundleError(
                f"{self.home.current}: names no version: {error}. Mend it: shortlist publish V"
            ) from error

    def resolve(self, name: str) -> str:
        """Turn ``latest``, ``current`` or a version's name into a version's name.

        Raises
        ------
        BundleError
            When there is no such version.
        """
        if name == "latest":
            versions = self.versions()
            found = versions[-1].version if versions else None
        else:
            found = self.current() if name == "current" else check_version_name(name)
        if found is None:
            raise BundleError(
                f"{self.home.root}: no {name} version. Run `shortlist train`, then `shortlist publish latest`."
            )
        if not self.folder(found).is_dir():
            raise BundleError(f"{self.folder(found)}: no such bundle. `shortlist versions` lists those there are.")
        return found

    def folder(self, version: str) -> Path:
        """Where a version lies."""
        return self.home.bundles / version

    def open(self, name: str, seals: Container[str] = ()) -> Bundle:
        """Open a version by name, ``latest`` or ``current``, checked whole unless a seal says it was."""
        return open_bundle(self.folder(self.resolve(name)), seals)

    def publish(self, name: str) -> str:
        """Check a version whole and make it the serving one. Publishing what serves already changes nothing."""
        version = self.open(name).version
        try:
            current, history = self.current(), self._history_to_current()
        except BundleError:  # a damaged CURRENT is mended by naming another
            current, history = None, self._history()
        if version != current:
            self._write_history([*history, version])
            self._point_to(version)
        return version

    def rollback(self) -> str:
        """Make the version that served before the current one serve again.

        Raises
        ------
        BundleError
            When nothing was published before it, or what was is no longer whole.
        """
        version = open_bundle(self.folder(self.previous())).version
        history = self._history_to_current()
        self._point_to(version)
        self._write_history(history[:-1])
        return version

    def previous(self) -> str:
        """The version that served before the current one. Raises ``BundleError`` when nothing did."""
        history = self._history_to_current()
        if len(history) < 2:
            raise BundleError(
                f"{self.home.root}: no version served before this one. `shortlist publish V` names another."
            )
        return history[-2]

    def _point_to(self, version: str) -> None:
        replace_file(self.home.current, version.encode() + b"\n")

    def _history_to_current(self) -> list[str]:
        """The publications up to the serving one, oldest first; the serving one alone when the history is lost."""
        current = self.current()
        history = self._history()
        while history and history[-1] != current:
            history.pop()
        return history or ([] if current is None else [current])

    def _history(self) -> list[str]:
        """All publications that are remembered, oldest first."""
        return self._read_list(self._history_path)

    @staticmethod
    def _read_list(path: Path) -> list[str]:
        """The versions in a file; none where it is missing or damaged."""
        try:
            return _VERSIONS.validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return []

    def _write_history(self, history: list[str]) -> None:
        replace_file(self._history_path, orjson.dumps(history))

    @property
    def _trainings_path(self) -> Path:
        return self.home.root / "trainings.json"

    @property
    def _history_path(self) -> Path:
        return self.home.root / "publications.json"
