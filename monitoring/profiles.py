"""What a training saw, kept in its bundle: what later days are compared with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from data.catalog import categories_of
from monitoring.daily import N_HOURS, TYPE_PREFIX, WEEKDAYS, complete_days, daily_figures, hours_of, priced
from shortlist.bundle import Bundle, BundleWriter
from shortlist.columns import ITEM_ID, PRICE
from shortlist.errors import BundleError

REFERENCE_DAYS: Final = 56
ROWS_AT_ONCE: Final = 200_000
SAMPLE_SIZE: Final = 1_000
"""Values that are kept of each number."""

PROFILE: Final = "profile"
SAMPLES: Final = "profile_samples"
LISTS: Final = "profile_lists"

Sample = npt.NDArray[np.float32]
Lists = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ListSample:
    """Lists that were made as of moments that their models had not seen beyond, and what their users then did.

    Attributes
    ----------
    features : dict of str to ndarray of float32
        Values of candidates, by feature.
    scores : ndarray of float32
        Of all items of the lists.
    lists : ndarray of int32, shape (n_users, k)
        Item positions, ``MISSING`` past a list's end.
    is_hit : ndarray of bool, shape (n_users,)
        Whether the user took an item of the list.
    is_repeat : ndarray of bool, shape (n_users, k)
        Whether the user had the item before.
    days : float
        For how long hits were looked for.
    """

    features: dict[str, Sample]
    scores: Sample
    lists: Lists
    is_hit: npt.NDArray[np.bool_]
    is_repeat: npt.NDArray[np.bool_]
    days: float

    def __len__(self) -> int:
        return len(self.lists)


class _Facts(BaseModel):
    """The part of a profile that is written as text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[str, ...]
    figures: dict[str, tuple[float | None, ...]]
    hours: tuple[float, ...]
    event_categories: dict[str, int]
    n_items: int
    missing: dict[str, float]
    sampled: tuple[str, ...]
    n_hits: int
    n_lists: int
    hit_days: float
    repeat_share: float | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a training saw of events, catalogue, features and lists.

    Attributes
    ----------
    figures : DataFrame, indexed by day
        As `daily_figures` gives them, of the last `REFERENCE_DAYS` that were over.
    hours : Series
        As `hours_of` gives them.
    event_categories : Series of int by category
        Events of the reference days.
    n_items : int
        In the catalogue.
    missing : dict of str to float
        The share of items without a value, by the catalogue's column.
    samples : dict of str to ndarray of float32
        ``price`` of purchases, ``score`` of lists, and ``feature NAME`` of candidates.
    lists : ndarray of int32, shape (n_lists, k)
        See `ListSample`, as are hits and repeats.
    """

    figures: pd.DataFrame
    hours: pd.Series
    event_categories: pd.Series
    n_items: int
    missing: dict[str, float]
    samples: dict[str, Sample]
    lists: Lists
    n_hits: int
    hit_days: float
    repeat_share: float | None

    @classmethod
    def of(
        cls, days: Iterable[pd.DataFrame], catalog: pd.DataFrame, end: pd.Timestamp, lists: ListSample, rng: int
    ) -> Self:
        """Of the canonical events of each of the reference days, before `end` (without a time zone), and lists."""
        seen = _Days(catalog)
        for events in _together(days):
            seen.add(events)
        draw = np.random.default_rng(rng)
        prices = np.concatenate([np.zeros(0, dtype=np.float32), *seen.prices])
        samples = {"price": _drawn(prices, draw), "score": _drawn(lists.scores, draw)}
        samples |= {f"feature {name}": _drawn(values, draw) for name, values in lists.features.items()}
        return cls(
            figures=complete_days(seen.figures(), end),
            hours=seen.hours,
            event_categories=seen.categories.sort_index().astype("int64"),
            n_items=len(catalog),
            missing=missing_shares(catalog),
            samples=samples,
            lists=lists.lists,
            n_hits=int(lists.is_hit.sum()),
            hit_days=lists.days,
            repeat_share=float(lists.is_repeat.mean()) if lists.is_repeat.size else None,
        )

    def save(self, writer: BundleWriter) -> None:
        """Write it into a bundle."""
        names = sorted(self.samples)
        figures = self.figures.astype(object).where(self.figures.notna(), None)
        facts = _Facts(
            days=tuple(str(day.date()) for day in figures.index),
            figures={name: tuple(figures[name]) for name in figures.columns},
            hours=tuple(self.hours),
            event_categories=self.event_categories.to_dict(),
            n_items=self.n_items,
            missing=self.missing,
            sampled=tuple(names),
            n_hits=self.n_hits,
            n_lists=len(self.lists),
            hit_days=self.hit_days,
            repeat_share=self.repeat_share,
        )
        writer.add_text(PROFILE, facts.model_dump_json(indent=1))
        writer.add_array(SAMPLES, _padded([self.samples[name] for name in names]), missing=True)
        writer.add_array(LISTS, self.lists)


def _together(days: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Days in their order, as many at once as have few events: each table costs as much as thousands of rows."""
    held: list[pd.DataFrame] = []
    for events in days:
        held.append(events)
        if sum(map(len, held)) >= ROWS_AT_ONCE:
            yield pd.concat(held, ignore_index=True)
            held = []
    if held:
        yield pd.concat(held, ignore_index=True)


class _Days:
    """What is noted of days that go by."""

    def __init__(self, catalog: pd.DataFrame) -> None:
        self._known, self._category_of = set(catalog[ITEM_ID]), categories_of(catalog)
        self._figures: list[pd.DataFrame] = []
        self.hours = pd.Series(0.0, index=range(WEEKDAYS * N_HOURS))
        self.categories = pd.Series(dtype="float64")
        self.prices: list[Sample] = []

    def add(self, events: pd.DataFrame) -> None:
        """Take note of some days."""
        self._figures.append(daily_figures(events, self._known))
        self.hours = self.hours + hours_of(events)
        counts = events[ITEM_ID].map(self._category_of).value_counts()
        self.categories = self.categories.add(counts, fill_value=0.0)
        self.prices.append(priced(events)[PRICE].to_numpy(dtype=np.float32))

    def figures(self) -> pd.DataFrame:
        """A row for each day; a type that was not there on one is a share of 0."""
        if not self._figures:
            return pd.DataFrame(index=pd.DatetimeIndex([], name="day"), dtype="float64")
        together = pd.concat(self._figures)
        types = [name for name in together.columns if str(name).startswith(TYPE_PREFIX)]
        return together.fillna(dict.fromkeys(types, 0.0))


def load_profile(bundle: Bundle) -> Profile:
    """Read the profile of a verified bundle.

    Raises
    ------
    BundleError
        When it has none (bundles before release 0.2), or not one of this release.
    """
    try:
        facts = _Facts.model_validate(orjson.loads(bundle.text(PROFILE)))
    except (ValidationError, orjson.JSONDecodeError) as error:
        raise BundleError(f"{bundle.folder}: its profile is not of this release. Train again.") from error
    rows = bundle.array(SAMPLES)
    days = pd.DatetimeIndex(facts.days, name="day")
    return Profile(
        figures=pd.DataFrame(facts.figures, index=days, dtype="float64"),
        hours=pd.Series(facts.hours, dtype="float64"),
        event_categories=pd.Series(facts.event_categories, dtype="int64"),
        n_items=facts.n_items,
        missing=facts.missing,
        samples={name: row[~np.isnan(row)] for name, row in zip(facts.sampled, rows, strict=True)},
        lists=bundle.array(LISTS),
        n_hits=facts.n_hits,
        hit_days=facts.hit_days,
        repeat_share=facts.repeat_share,
    )


def has_profile(bundle: Bundle) -> bool:
    """Whether a bundle holds a profile."""
    return bundle.has(f"{PROFILE}.txt")


def missing_shares(catalog: pd.DataFrame) -> dict[str, float]:
    """The share of items without a value, by column."""
    return {str(name): float(catalog[name].isna().mean()) for name in catalog.columns} if len(catalog) else {}


def _drawn(values: Sample, draw: np.random.Generator) -> Sample:
    known = values[~np.isnan(values)]
    return known if len(known) <= SAMPLE_SIZE else draw.choice(known, SAMPLE_SIZE, replace=False)


def _padded(rows: list[Sample]) -> Sample:
    padded = np.full((len(rows), SAMPLE_SIZE), np.nan, dtype=np.float32)
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = row
    return padded
