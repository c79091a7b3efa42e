"""Training sets of the ranker: the features of each query's candidates as of its snapshot, and which were wanted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from candidate_gen.generator import CandidateGenerator
from candidate_gen.profile import UserProfile, build_profile
from candidate_gen.settings import CandidateConfig
from data.arrays.past import Past
from data.attributes import ItemAttributes
from ranking.features import FeatureContext, feature_names
from ranking.item_stats import fit_item_stats
from ranking.settings import RankerConfig
from ranking.snapshots import Snapshot
from ranking.stage_one import StageOne

Features = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int16]
Query = tuple[Features, LabelArray]

MAX_LABEL: Final = 1_000

FOLD_QUERIES: Final = 2_000
"""So many queries keep all their candidates, to validate on; those behind them keep a sample of the negatives."""


MIN_REPEAT_SHARE: Final = 0.2
"""Where fewer of the labelled items were had before, a list among new items is much like any other."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Queries (one user as of one snapshot), each with at least one positive.

    Attributes
    ----------
    features : ndarray of float32, shape (n, n_features)
    label : ndarray of int16, shape (n,)
        How many target events followed; 0 where the item was not wanted.
    group_sizes : ndarray of int64, shape (n_queries,)
    names : tuple of str
        The features.
    """

    features: Features
    label: LabelArray
    group_sizes: npt.NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.group_sizes)

    def queries(self) -> Iterator[Query]:
        """Each query's features and labels."""
        ends = np.cumsum(self.group_sizes)
        for start, end in zip(ends - self.group_sizes, ends, strict=True):
            yield self.features[start:end], self.label[start:end]

    def drawn(self, n: int, rng: int) -> "TrainingSet":
        """At most `n` of the queries, at random and in their order."""
        if len(self) <= n:
            return self
        kept = np.zeros(len(self), dtype=np.bool_)
        kept[np.random.default_rng(rng).choice(len(self), size=n, replace=False)] = True
        rows = np.repeat(kept, self.group_sizes)
        return TrainingSet(self.features[rows], self.label[rows], self.group_sizes[kept], self.names)

    def part(self, start: int, end: int) -> "TrainingSet":
        """The queries of places ``[start, end)``."""
        ends = np.concatenate([[0], np.cumsum(self.group_sizes)])
        rows = slice(int(ends[start]), int(ends[end]))
        return TrainingSet(self.features[rows], self.label[rows], self.group_sizes[start:end], self.names)


def fit_context(past: Past, attributes: ItemAttributes, config: CandidateConfig) -> FeatureContext:
    """The features of candidates of the sources that are switched on."""
    return FeatureContext.of(fit_item_stats(past, attributes), attributes, source_names(config))


def source_names(config: CandidateConfig) -> tuple[str, ...]:
    """The names of the sources that are switched on."""
    return tuple(source.name for source in config.sources())


def build_training_set(
    snapshot: Snapshot, attributes: ItemAttributes, config: RankerConfig, stage_one: StageOne, rng: int
) -> TrainingSet:
    """Fit both stages' models on a snapshot's past, and label its candidates.

    The newest snapshot's generator is there already, and the users that the fusion was measured on are passed over.
    Queries without a positive or without a negative candidate are dropped: nothing can be learnt from them. Where users
    buy again, each has a second query among the items that are new to the user, as a list without known items has.
    """
    names = feature_names(source_names(stage_one.config))
    if not len(snapshot.past):
        return joined([], names)
    generator = stage_one.generator_for(snapshot, attributes, rng)
    context = fit_context(snapshot.past, attributes, stage_one.config)
    draw = np.random.default_rng(rng)
    masked = config.novel_queries and repeat_share(snapshot) > MIN_REPEAT_SHARE
    queries: list[Query] = []
    for row in _drawn_rows(snapshot, config, stage_one.measured_on(snapshot), draw):
        for query in _queries_of(snapshot, row, generator, context, with_new_items=masked):
            is_whole = len(queries) < FOLD_QUERIES * (1 + masked)
            queries.append(query if is_whole else _sampled(query, max(config.values("negatives_per_query")), draw))
        if len(queries) >= config.max_queries:
            break
    return joined(queries, names)


def _queries_of(
    snapshot: Snapshot, row: int, generator: CandidateGenerator, context: FeatureContext, *, with_new_items: bool
) -> Iterator[Query]:
    """A user's query, and the one among new items, where each holds a positive and a negative."""
    profile = build_profile(snapshot.past.history(int(snapshot.labels.user_idx[row])))
    masks = (None, _new_to(profile, snapshot.past.n_items)) if with_new_items else (None,)
    asked = generator.ask(profile)
    for allowed in masks:
        candidates = generator.candidates(profile, allowed, asked)
        label = np.minimum(snapshot.labels.count(row, candidates.item_idx), MAX_LABEL).astype(np.int16)
        if label.any() and not label.all():
            yield context.features(profile, candidates), label


def repeat_share(snapshot: Snapshot) -> float:
    """The share of labelled items that their users had before."""
    labels, past = snapshot.labels, snapshot.past
    users = np.repeat(labels.user_idx, np.diff(labels.offsets)).astype(np.int64)
    if not len(users):
        return 0.0
    known = past.interactions.pair_keys(past.interactions.rows_of(labels.user_idx))
    return float(np.isin(users * max(past.n_items, 1) + labels.item_idx, known).mean())


def _new_to(profile: UserProfile, n_items: int) -> npt.NDArray[np.bool_]:
    """The items that a user has not had."""
    new = np.ones(n_items, dtype=np.bool_)
    new[profile.item_idx] = False
    return new


def folds(sets: Sequence[TrainingSet], schemes: Sequence[str]) -> list[TrainingSet]:
    """The parts to validate on in turn: each snapshot; two halves, and the rest, of a scheme's only one."""
    parts: list[TrainingSet] = []
    for one, scheme in zip(sets, schemes, strict=True):
        if scheme == "window" or schemes.count(scheme) > 1:
            parts.append(one)
        else:
            half, whole = len(one) // 2 if len(one) < FOLD_QUERIES else FOLD_QUERIES // 2, len(one)
            cuts = [0, half, min(2 * half, whole) if whole > 2 * half + 1 else whole]
            parts += [one.part(start, end) for start, end in pairwise(cuts)]
            parts += [one.part(cuts[-1], whole)] if cuts[-1] < whole else []
    return parts


def with_fewer_negatives(sets: Iterable[TrainingSet], n: int, rng: int) -> TrainingSet:
    """One training set of several, with at most `n` of each query's negatives, at random."""
    draw = np.random.default_rng(rng)
    sets = list(sets)
    queries = [_sampled(query, n, draw) for one in sets for query in one.queries()]
    return joined(queries, sets[0].names)


def joined(queries: Sequence[Query], names: tuple[str, ...]) -> TrainingSet:
    """A training set of queries."""
    if not queries:
        empty = np.zeros((0, len(names)), dtype=np.float32)
        return TrainingSet(empty, np.zeros(0, dtype=np.int16), np.zeros(0, dtype=np.int64), names)
    return TrainingSet(
        features=np.concatenate([features for features, _ in queries]),
        label=np.concatenate([label for _, label in queries]),
        group_sizes=np.array([len(label) for _, label in queries], dtype=np.int64),
        names=names,
    )


def _drawn_rows(
    snapshot: Snapshot, config: RankerConfig, left_out: npt.NDArray[np.int32], draw: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Rows of users with a history: of a window a sample in order, of other schemes all in random order."""
    has_past = np.diff(snapshot.past.interactions.user_offsets)[snapshot.labels.user_idx] > 0
    rows = np.flatnonzero(has_past & ~np.isin(snapshot.labels.user_idx, left_out))
    if snapshot.scheme != "window":
        return draw.permutation(rows)
    if len(rows) <= config.max_queries_per_window:
        return rows
    return np.sort(draw.choice(rows, size=config.max_queries_per_window, replace=False))


def _sampled(query: Query, n: int, draw: np.random.Generator) -> Query:
    """All positives and at most `n` negatives, in their order."""
    features, label = query
    negatives = np.flatnonzero(label == 0)
    if len(negatives) <= n:
        return query
    kept = np.sort(np.concatenate([np.flatnonzero(label), draw.choice(negatives, size=n, replace=False)]))
    return features[kept], label[kept]
