"""Making a bundle again from what its manifest says, and comparing the two file by file."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from data.catalog import read_items
from data.log.fingerprint import is_fingerprint_of
from data.store import read_events
from pipelines.lineage import catalog_fingerprint, changed_circumstances
from pipelines.needs import of_training, require
from pipelines.replay import replayed
from pipelines.settings import Config
from pipelines.shops import build_shop
from pipelines.strays import without_strays
from pipelines.training import fit_recommender, profile_of
from ranking.bundling import save_recommender
from ranking.compiling import keep_compiled
from shortlist.bundle import BundleWriter
from shortlist.errors import BundleError, DataError
from shortlist.home import Home
from shortlist.manifest import FileEntry, Manifest
from shortlist.progress import Reporter, SilentReporter
from shortlist.registry import Registry


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A bundle beside one made again.

    Attributes
    ----------
    different : tuple of str
        The files whose bytes differ, and those that only one of the two has.
    reasons : tuple of str
        What is other than when the bundle was made, in sentences; they explain what differs.
    """

    version: str
    n_files: int
    different: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether every byte is the same."""
        return not self.different


def reproduce(home: Home, name: str, reporter: Reporter) -> Reproduction:
    """Train again with a bundle's configuration, choices and seed on the events that it was made from.

    Nothing in the home changes.

    Parameters
    ----------
    name : str
        A version, ``latest`` or ``current``.

    Raises
    ------
    BundleError
        When there is no such bundle, or its configuration is not of this release.
    DataError
        When no event is left of those that it was made from.
    StoreUnavailable
        When memory or disk cannot be enough.
    """
    keep_compiled(home)
    manifest = Registry(home).open(name).manifest
    config = _recipe(manifest)
    reporter.step("reading the events")
    events, catalog = _events(home, manifest), read_items(home)
    require(Path(tempfile.gettempdir()), of_training(len(events), config), "a training", reporter)
    shop = build_shop(events, catalog, config)
    end = manifest.data.end
    made = fit_recommender(shop, int(end.timestamp()), config, reporter, manifest.version, is_sampled=True)
    with tempfile.TemporaryDirectory(prefix="shortlist-") as folder:
        writer = BundleWriter(Path(folder))
        save_recommender(writer, made.recommender)
        if "profile.txt" in manifest.files:  # release 0.1 knew none
            profile_of(home, catalog, end, made, config).save(writer)
    reasons = (*_changed_data(manifest, events, catalog), *changed_circumstances(manifest))
    return Reproduction(
        manifest.version, len(manifest.files), tuple(_different(manifest.files, writer.entries)), reasons
    )


def _recipe(manifest: Manifest) -> Config:
    try:
        return replayed(Config.model_validate(manifest.config), manifest.choices)
    except ValidationError as error:
        raise BundleError(
            f"{manifest.version}: its configuration is not one of this release: {error.errors()[0]['msg']}. "
            "Reproduce it with the release that made it."
        ) from error


def _events(home: Home, manifest: Manifest) -> pd.DataFrame:
    """The events before the bundle's end; strays are left out where they were."""
    events = read_events(home, until=manifest.data.end)
    if not is_fingerprint_of(manifest.data.fingerprint, events):
        events = without_strays(events, SilentReporter())
    if not len(events):
        raise DataError(f"{manifest.version}: no event is left of those that it was made from.")
    return events


def _changed_data(manifest: Manifest, events: pd.DataFrame, catalog: pd.DataFrame) -> Iterator[str]:
    data = manifest.data
    if not is_fingerprint_of(data.fingerprint, events):
        yield (
            f"The events before {data.end.isoformat()} are not those of then: {len(events):,}, and there were "
            f"{data.n_events:,}; rows have been deleted, forgotten or imported since."
        )
    if data.catalog_fingerprint not in {None, catalog_fingerprint(catalog)}:
        yield "The catalogue is not the one of then; it has been imported anew."


def _different(files: Mapping[str, FileEntry], again: Mapping[str, FileEntry]) -> Iterator[str]:
    for name in sorted(files.keys() | again.keys()):
        if name not in files or name not in again or files[name].sha256 != again[name].sha256:
            yield name
