"""Taking away bundles that nobody needs any more."""

import contextlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import Field

from experiments.config import ExperimentsConfig
from shortlist.atomic import TEMPORARY_PREFIX, sync_folder
from shortlist.config import ConfigModel
from shortlist.errors import BundleError
from shortlist.home import Home
from shortlist.manifest import Manifest
from shortlist.registry import Registry


class RetentionConfig(ConfigModel):
    """What `shortlist prune` keeps: the newest bundles, those younger than so many days, and exposures that are."""

    keep_bundles: int = Field(default=8, ge=1)
    keep_days: int = Field(default=60, ge=0)
    keep_exposure_days: int = Field(default=90, ge=1)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was taken away, and how large it was."""

    versions: tuple[str, ...]
    size_bytes: int


def prune(
    home: Home, config: RetentionConfig, experiments: ExperimentsConfig, now: datetime, *, is_tried: bool = False
) -> Pruned:
    """Delete the bundles that are neither kept by number or age, nor the current or previous one, nor an experiment's.

    A bundle gets a temporary name first, so that what a killed command leaves of it is no bundle, and is swept.

    Parameters
    ----------
    experiments : ExperimentsConfig
        Bundles that any experiment names are kept, of one that is switched off, too.
    is_tried : bool
        Only say what would be deleted.
    """
    registry = Registry(home)
    manifests = registry.versions()
    young = now - timedelta(days=config.keep_days)
    kept = {manifest.version for manifest in manifests[-config.keep_bundles :]} | _needed(registry, experiments)
    gone = [one for one in manifests if one.version not in kept and one.created_at < young]
    if not is_tried:
        _delete(home, (registry.folder(one.version) for one in gone))
    return Pruned(tuple(one.version for one in gone), sum(map(_size, gone)))


def _needed(registry: Registry, experiments: ExperimentsConfig) -> set[str]:
    """The versions that serve, that a roll-back goes to, and that experiments answer from."""
    needed = {variant.bundle for one in experiments.experiments for variant in one.variants if variant.bundle}
    current = registry.current()
    if current is not None:
        needed.add(current)
    with contextlib.suppress(BundleError):  # nothing served before
        needed.add(registry.previous())
    return needed


def _delete(home: Home, folders: Iterable[Path]) -> None:
    for folder in folders:
        doomed = home.bundles / f"{TEMPORARY_PREFIX}{folder.name}"
        folder.rename(doomed)
        sync_folder(home.bundles)
        shutil.rmtree(doomed)


def _size(manifest: Manifest) -> int:
    return sum(entry.size_bytes for entry in manifest.files.values())
