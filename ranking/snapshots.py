"""Where labels come from: what was known at a moment, and what users did next, chosen by measuring the log.

Three schemes, each leak-free by its `Past`: windows of the newest past; each user's last target event; a share of each
user's items held out at random, where times are missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from data.arrays.labels import Labels, collect_labels, labels_of_rows
from data.arrays.past import Past, last_targets
from data.interactions import SECONDS_PER_DAY, Interactions
from data.splits import LabelWindow, label_windows
from ranking.settings import RankerConfig

Scheme = Literal["window", "last", "held_out"]

WIDENINGS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
ENOUGH_QUERIES: Final = 3_500
"""Windows are widened until together they hold so many users, or would leave less than half of the span."""

ENOUGH_HELD_OUT: Final = 6_000
MAX_DRAWS: Final = 4
"""A share is held out again, up to so often, until so many users were asked for their own."""

MIN_SHARE_WITH_TIMES: Final = 0.05
"""Of the users with several events, at least this share must have several moments, or times say nothing.

Most customers of a sound shop come once, with several items; where times are missing nobody has two moments.
"""

MAX_ITEMS_AT_ONCE: Final = 1.5
"""With fewer events at each moment, users take one item at a time, and the last event is a label as good as any."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was known, and the items that users went on to have.

    Attributes
    ----------
    scheme : str
    past : Past
        Without the labelled events.
    labels : Labels
    """

    scheme: Scheme
    past: Past
    labels: Labels


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """Which schemes a log is given, and the figures that decided.

    Attributes
    ----------
    windows : tuple of LabelWindow
        The latest first.
    use_last : bool
    n_draws : int
        How often a share is held out.
    figures : dict
        What was measured, for the manifest.
    """

    windows: tuple[LabelWindow, ...]
    use_last: bool
    n_draws: int
    figures: dict[str, Any]

    @property
    def schemes(self) -> list[Scheme]:
        """The schemes by name."""
        chosen: list[tuple[Scheme, bool]] = [
            ("window", bool(self.windows)),
            ("last", self.use_last),
            ("held_out", self.n_draws > 0),
        ]
        return [scheme for scheme, is_used in chosen if is_used]

    def said(self) -> str:
        """Where labels come from, in words, with the figures that decided."""
        figures, counts = self.figures, self.figures.get("window_queries", [])
        users = ", ".join(f"{count:,}" for count in counts)
        words: dict[Scheme, str] = {
            "window": f"{len(self.windows)} windows of {figures.get('horizon_days', 0):.3g} days with {users} users",
            "last": "each user's last event",
            "held_out": f"a share of each user's items held out, {self.n_draws} times",
        }
        chosen = " and ".join(words[scheme] for scheme in self.schemes) or "none"
        return (
            f"{chosen} ({figures['share_with_times']:.0%} of users with several events have several moments,"
            f" {figures['items_at_once']:.3g} events at a moment)"
        )

    def __len__(self) -> int:
        return len(self.windows) + self.use_last + self.n_draws

    def snapshots(self, interactions: Interactions, as_of: int, config: RankerConfig, rng: int) -> Iterator[Snapshot]:
        """Each snapshot in turn, the latest window first."""
        for window in self.windows:
            yield window_snapshot(interactions, window)
        if self.use_last:
            yield last_snapshot(interactions, as_of)
        for draw in range(self.n_draws):
            yield held_out_snapshot(interactions, as_of, config.held_out_share, rng + draw)


def plan_labels(interactions: Interactions, as_of: int, config: RankerConfig) -> LabelPlan:
    """Measure the log before `as_of` (seconds) and choose where labels come from.

    Where times are missing, a share is held out. Elsewhere windows are taken, widened until they hold enough users, and
    beside them each user's last event where users take one item at a time.
    """
    known = interactions.before(as_of)
    with_times, at_once = share_with_times(known), items_at_once(known)
    figures: dict[str, Any] = {"share_with_times": round(with_times, 3), "items_at_once": round(at_once, 2)}
    if config.labels == "held_out" or (config.labels == "auto" and with_times < MIN_SHARE_WITH_TIMES):
        n_users = int(np.count_nonzero(np.diff(known.user_offsets) > 1))
        n_draws = int(np.clip(-(-ENOUGH_HELD_OUT // max(n_users, 1)), 1, MAX_DRAWS))
        return LabelPlan((), use_last=False, n_draws=n_draws, figures=figures | {"draws": n_draws})
    windows, counts = widened_windows(known, as_of, config) if config.labels != "last" else ([], [])
    kept = tuple(window for window, count in zip(windows, counts, strict=True) if count >= config.min_queries)
    if windows:
        figures |= {"horizon_days": (windows[0].end - windows[0].start) / SECONDS_PER_DAY, "window_queries": counts}
    alone = config.labels == "auto" and (at_once < MAX_ITEMS_AT_ONCE or len(kept) < 2)
    return LabelPlan(kept, use_last=alone or config.labels == "last", n_draws=0, figures=figures)


def share_with_times(interactions: Interactions) -> float:
    """Of the users with several events, the share that has events at several moments; 0 without such users."""
    offsets, seconds = interactions.user_offsets, interactions.timestamp
    several = np.flatnonzero(np.diff(offsets) > 1)
    if not len(several):
        return 0.0
    return float(np.mean(seconds[offsets[several]] < seconds[offsets[several + 1] - 1]))


def items_at_once(interactions: Interactions) -> float:
    """Mean number of events of a user at one moment."""
    if not len(interactions):
        return 0.0
    begins = interactions.begins()
    begins[1:] |= np.diff(interactions.timestamp) != 0
    return len(interactions) / int(np.count_nonzero(begins))


def widened_windows(
    interactions: Interactions, as_of: int, config: RankerConfig
) -> tuple[list[LabelWindow], list[int]]:
    """The narrowest windows that hold users enough, else the widest that fit, and the users of each."""
    best: tuple[list[LabelWindow], list[int]] = ([], [])
    for widening in WIDENINGS if config.horizon_days is None else (1.0,):
        windows = label_windows(interactions.timestamp, as_of, config.n_windows, config.horizon_days, widening)
        if len(windows) < min(config.n_windows, len(best[0])) or not windows:
            break
        best = windows, [n_queries(interactions, window) for window in windows]
        if sum(best[1]) >= ENOUGH_QUERIES:
            break
    return best


def n_queries(interactions: Interactions, window: LabelWindow) -> int:
    """Users with a target event in the window and an event before it."""
    labels = collect_labels(interactions, window)
    has_events = np.diff(interactions.user_offsets) > 0
    first = np.full(len(has_events), np.iinfo(np.int64).max)
    first[has_events] = interactions.timestamp[interactions.user_offsets[:-1][has_events]]
    return int(np.count_nonzero(first[labels.user_idx] < window.start))


def window_snapshot(interactions: Interactions, window: LabelWindow) -> Snapshot:
    """What was known when a window began, and the target items of the window."""
    return Snapshot("window", Past.before(interactions, window.start), collect_labels(interactions, window))


def last_snapshot(interactions: Interactions, as_of: int) -> Snapshot:
    """What was known before each user's last target event, and that event's item."""
    known = interactions.before(as_of)
    return Snapshot("last", Past.without_last(known, as_of), labels_of_rows(known, last_targets(known)))


def held_out_snapshot(interactions: Interactions, as_of: int, share: float, rng: int) -> Snapshot:
    """What is left when a share of each user's target items is taken out at random, and these items."""
    known = interactions.before(as_of)
    held_out = _drawn_pairs(known, share, np.random.default_rng(rng))
    rows = np.flatnonzero(held_out & known.is_target)
    return Snapshot("held_out", Past.without(known, held_out, as_of), labels_of_rows(known, rows))


def _drawn_pairs(interactions: Interactions, share: float, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """All events of a share of the user-item pairs."""
    pairs, inverse = np.unique(interactions.pair_keys(), return_inverse=True)
    drawn: npt.NDArray[np.bool_] = (generator.random(len(pairs)) < share)[inverse]
    return drawn
