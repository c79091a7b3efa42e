"""Training sets of the ranker: the features of each query's candidates as of its snapshot, and which were wanted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from candidate_gen.profile import build_profile
from candidate_gen.settings import CandidateConfig
from candidate_gen.training import fit_generator
from data.arrays.past import Past
from data.attributes import ItemAttributes
from ranking.features import FeatureContext, feature_names
from ranking.item_stats import fit_item_stats
from ranking.settings import RankerConfig
from ranking.snapshots import Snapshot

Features = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int8]
Query = tuple[Features, LabelArray]

FOLD_QUERIES: Final = 2_000
"""So many queries keep all their candidates, to validate on; those behind them keep a sample of the negatives."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Queries (one user as of one snapshot), each with at least one positive.

    Attributes
    ----------
    features : ndarray of float32, shape (n, n_features)
    label : ndarray of int8, shape (n,)
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
    snapshot: Snapshot, attributes: ItemAttributes, config: RankerConfig, candidate_config: CandidateConfig, rng: int
) -> TrainingSet:
    """Fit both stages' models on a snapshot's past, and label its candidates.

    Queries without a positive or without a negative candidate are dropped: nothing can be learnt from them.
    """
    names = feature_names(source_names(candidate_config))
    if not len(snapshot.past):
        return joined([], names)
    generator, _ = fit_generator(snapshot.past, attributes, candidate_config, rng)
    context = fit_context(snapshot.past, attributes, candidate_config)
    draw = np.random.default_rng(rng)
    queries: list[Query] = []
    for row in _drawn_rows(snapshot, config, draw):
        profile = build_profile(snapshot.past.history(int(snapshot.labels.user_idx[row])))
        candidates = generator.candidates(profile)
        label = np.isin(candidates.item_idx, snapshot.labels.of(row)).astype(np.int8)
        if label.any() and not label.all():
            query = context.features(profile, candidates), label
            queries.append(query if len(queries) < FOLD_QUERIES else _sampled(query, config.negatives_per_query, draw))
        if len(queries) >= config.max_queries:
            break
    return joined(queries, names)


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


def with_fewer_negatives(sets: Iterable[TrainingSet], config: RankerConfig, rng: int) -> TrainingSet:
    """One training set of several, with a sample of each query's negatives."""
    draw = np.random.default_rng(rng)
    sets = list(sets)
    queries = [_sampled(query, config.negatives_per_query, draw) for one in sets for query in one.queries()]
    return joined(queries, sets[0].names)


def joined(queries: Sequence[Query], names: tuple[str, ...]) -> TrainingSet:
    """A training set of queries."""
    if not queries:
        empty = np.zeros((0, len(names)), dtype=np.float32)
        return TrainingSet(empty, np.zeros(0, dtype=np.int8), np.zeros(0, dtype=np.int64), names)
    return TrainingSet(
        features=np.concatenate([features for features, _ in queries]),
        label=np.concatenate([label for _, label in queries]),
        group_sizes=np.array([len(label) for _, label in queries], dtype=np.int64),
        names=names,
    )


def _drawn_rows(snapshot: Snapshot, config: RankerConfig, draw: np.random.Generator) -> npt.NDArray[np.int64]:
    """Rows of users with a history: of a window a sample in order, of other schemes all in random order."""
    rows = np.flatnonzero(np.diff(snapshot.past.interactions.user_offsets)[snapshot.labels.user_idx] > 0)
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
