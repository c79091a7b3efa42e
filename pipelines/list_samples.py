"""Lists of some users as of a moment, looked at from the inside: their features, scores and hits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from data.arrays.labels import Labels, collect_labels
from data.attributes import ItemAttributes
from data.interactions import SECONDS_PER_DAY, History, Interactions
from data.splits import LabelWindow
from monitoring.profiles import SAMPLE_SIZE, Lists, ListSample
from ranking.features import FeatureContext
from ranking.snapshots import Snapshot
from ranking.stage_one import StageOne
from ranking.training_set import fit_context
from ranking.two_stage import ListRequest, RankedList, TwoStage
from shortlist.ids import MISSING

LIST_LENGTH: Final = 10
MOST_USERS: Final = 300
MIN_USERS: Final = 20

Rank = Callable[[Iterable[ListRequest]], Iterator[RankedList]]
Items = npt.NDArray[np.int32]


def no_lists() -> ListSample:
    """The sample where there is nobody to make a list for."""
    lists, floats = np.zeros((0, LIST_LENGTH), dtype=np.int32), np.zeros(0, dtype=np.float32)
    return ListSample({}, floats, lists, np.zeros(0, dtype=np.bool_), lists.astype(np.bool_), 1.0)


def sample_lists(
    rank: Rank, context: FeatureContext, histories: Sequence[History], taken: Sequence[Items], days: float = 1.0
) -> ListSample:
    """Make a list of each history.

    Parameters
    ----------
    rank : callable
        Makes lists, as `Recommender.ranked` does.
    taken : sequence of ndarray of int32
        The items that each user took within `days` after.
    """
    if not histories:
        return no_lists()
    ranked = list(rank(ListRequest(history, LIST_LENGTH) for history in histories))
    per_list = -(-SAMPLE_SIZE // len(ranked))
    rows = np.concatenate([_spread(context.features(one.profile, one.candidates), per_list) for one in ranked])
    lists = _lists([one.item_idx for one in ranked])
    had = [np.isin(items, one.profile.item_idx) for items, one in zip(lists, ranked, strict=True)]
    hit = [bool(np.isin(items, wanted).any()) for items, wanted in zip(lists, taken, strict=True)]
    return ListSample(
        features=dict(zip(context.names, rows.T, strict=True)),
        scores=np.concatenate([one.score for one in ranked]),
        lists=lists,
        is_hit=np.array(hit, dtype=np.bool_),
        is_repeat=np.stack(had),
        days=days,
    )


def sample_of_training(
    newest: Snapshot | None, stage_one: StageOne, ranker: TwoStage, shop: tuple[Interactions, ItemAttributes], rng: int
) -> ListSample:
    """The lists of users of the newest snapshot, by models that were fitted on what was known then.

    Of a window, those who came on its first day; hits are looked for on that day. Its users have trained the ranker, so
    that hits are somewhat more than another day's would be.
    """
    if newest is None or not len(newest.past):
        return no_lists()
    interactions, attributes = shop
    labels, days = _first_day(newest, interactions)
    generator = stage_one.generator_for(newest, attributes, rng)
    context = fit_context(newest.past, attributes, stage_one.config)
    models = TwoStage(generator, context, ranker.ranker, ranker.order, ranker.half_life_days)
    rows = _drawn_rows(newest, labels, rng)
    histories = [newest.past.history(int(labels.user_idx[row])) for row in rows]
    return sample_lists(models.rank_many, context, histories, [labels.of(int(row)) for row in rows], days)


def _first_day(newest: Snapshot, interactions: Interactions) -> tuple[Labels, float]:
    """The labels of a window's first day, where enough came then, and for how many days they reach."""
    if newest.scheme != "window":
        return newest.labels, 0.0
    start = newest.past.as_of
    first = collect_labels(interactions, LabelWindow(start, start + SECONDS_PER_DAY))
    return (first, 1.0) if len(first.user_idx) >= MIN_USERS else (newest.labels, 0.0)


def _drawn_rows(newest: Snapshot, labels: Labels, rng: int) -> npt.NDArray[np.int64]:
    has_past = np.diff(newest.past.interactions.user_offsets)[labels.user_idx] > 0
    return np.sort(np.random.default_rng(rng).permutation(np.flatnonzero(has_past))[:MOST_USERS])


def _spread(rows: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.float32]:
    """Some of a list's candidates, evenly over their places."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(n, len(rows))).astype(np.int64))]


def _lists(items: Sequence[Items]) -> Lists:
    lists = np.full((len(items), LIST_LENGTH), MISSING, dtype=np.int32)
    for row, one in zip(lists, items, strict=True):
        row[: len(one)] = one[:LIST_LENGTH]
    return lists
