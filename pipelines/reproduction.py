"""Making a bundle again from what its manifest says, and comparing the two file by file."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from data.arrays.table_files import tables_of_work
from data.catalog import read_items
from data.log.fingerprint import is_fingerprint_of
from data.store import read_events
from pipelines.lineage import catalog_fingerprint, changed_circumstances
from pipelines.replay import replayed
from pipelines.settings import Config
from pipelines.shops import ShopData, View, read_shop
from pipelines.strays import without_strays
from pipelines.training import fit_recommender, profile_of
from ranking.bundling import save_recommender
from ranking.compiling import keep_compiled
from shortlist.bundle import BundleWriter
from shortlist.errors import BundleError
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

    Nothing in the home changes; while it works, the sorted events lie there.

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
    catalog, end = read_items(home), manifest.data.end
    with tables_of_work(home):
        shop, n_events, are_same = _shop(home, catalog, manifest, config, reporter)
        made = fit_recommender(shop, int(end.timestamp()), config, reporter, manifest.version, is_sampled=True)
        with tempfile.TemporaryDirectory(prefix="shortlist-") as folder:
            writer = BundleWriter(Path(folder))
            save_recommender(writer, made.recommender)
            if "profile.txt" in manifest.files:  # release 0.1 knew none
                profile_of(home, catalog, end, made, config).save(writer)
    events_said = () if are_same else (_other_events(manifest, n_events),)
    reasons = (*events_said, *_other_catalog(manifest, catalog), *changed_circumstances(manifest))
    different = tuple(_different(manifest.files, writer.entries))
    return Reproduction(manifest.version, len(manifest.files), different, reasons)


def _recipe(manifest: Manifest) -> Config:
    try:
        return replayed(Config.model_validate(manifest.config), manifest.choices)
    except ValidationError as error:
        raise BundleError(
            f"{manifest.version}: its configuration is not one of this release: {error.errors()[0]['msg']}. "
            "Reproduce it with the release that made it."
        ) from error


def _shop(
    home: Home, catalog: pd.DataFrame, manifest: Manifest, config: Config, reporter: Reporter
) -> tuple[ShopData, int, bool]:
    """The events before the bundle's end, how many they are, and whether they are those of then.

    Strays are left out where they were.
    """
    end = manifest.data.end
    for has_strays in (True, False):
        shop, facts = read_shop(home, catalog, config, reporter, View(end, has_strays=has_strays))
        if facts.fingerprint == manifest.data.fingerprint:
            return shop, facts.n_events, True
    return shop, facts.n_events, _is_of_before(home, manifest, facts.n_events, config)


def _is_of_before(home: Home, manifest: Manifest, n_events: int, config: Config) -> bool:
    """Whether the fingerprint is that of the events by time, as release 0.1 took it, which held them all in memory."""
    if n_events != manifest.data.n_events or n_events > config.training.max_events:
        return False
    events = without_strays(read_events(home, until=manifest.data.end), SilentReporter())
    return is_fingerprint_of(manifest.data.fingerprint, events)


def _other_events(manifest: Manifest, n_events: int) -> str:
    data = manifest.data
    return (
        f"The events before {data.end.isoformat()} are not those of then: {n_events:,}, and there were "
        f"{data.n_events:,}; rows have been deleted, forgotten or imported since."
    )


def _other_catalog(manifest: Manifest, catalog: pd.DataFrame) -> Iterator[str]:
    data = manifest.data
    if data.catalog_fingerprint not in {None, catalog_fingerprint(catalog)}:
        yield "The catalogue is not the one of then; it has been imported anew."


def _different(files: Mapping[str, FileEntry], again: Mapping[str, FileEntry]) -> Iterator[str]:
    for name in sorted(files.keys() | again.keys()):
        if name not in files or name not in again or files[name].sha256 != again[name].sha256:
            yield name
