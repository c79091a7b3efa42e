"""The one owner of features: what the ranker knows of a user and a candidate, as of one moment.

The same function serves training, batch lists and single requests, one user at a time, so that a row of features does
not depend on who else is asked for. No feature is missing or infinite: where there is nothing to say, a stated
constant stands (`NEVER_DAYS` for "never", 0 for a count or a share). A bundle names its features; those of release 0.1
have the names of `RENAMED`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from candidate_gen.candidates import Candidates
from candidate_gen.profile import UserProfile
from data.attributes import ItemAttributes
from ranking.features.affinity import AffinityFeatures
from ranking.features.group import FeatureGroup, FloatArray, ItemSide
from ranking.features.item import ItemFeatures
from ranking.features.source import SourceFeatures
from ranking.features.user import UserFeatures
from ranking.features.user_item import UserItemFeatures
from ranking.item_stats import ItemStats

GROUPS: Final[tuple[FeatureGroup, ...]] = (
    UserItemFeatures(),
    SourceFeatures(),
    ItemFeatures(),
    AffinityFeatures(),
    UserFeatures(),
)
"""The groups, in the order of the columns."""

RENAMED: Final = {
    "als_score": "score_als",
    "als_rank": "score_rank_als",
    "item_knn_score": "score_item_knn",
    "item_knn_rank": "score_rank_item_knn",
}
"""The names of release 0.1, and today's."""


def formulas(sources: tuple[str, ...]) -> dict[str, str]:
    """All features that candidates of these sources have, with what each is, in the order of the columns."""
    return {name: formula for group in GROUPS for name, formula in group.formulas(sources).items()}


def feature_names(sources: tuple[str, ...]) -> tuple[str, ...]:
    """The names of all features that candidates of these sources have; all are float32."""
    return tuple(formulas(sources))


def unknown_features(names: Iterable[str], sources: tuple[str, ...]) -> list[str]:
    """Which of these names are no feature of candidates of these sources."""
    known = formulas(sources)
    return [name for name in names if RENAMED.get(name, name) not in known]


@dataclass(frozen=True, slots=True)
class FeatureContext:
    """The features of one bundle or snapshot.

    Attributes
    ----------
    items : ItemSide
    names : tuple of str
        The columns, in their order.
    rows : ndarray of int64, shape (n_features,)
        Where each of them stands among all features of the sources.
    ends : tuple of int
        Where the rows of each of `GROUPS` end among these.
    """

    items: ItemSide
    names: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    ends: tuple[int, ...]

    @classmethod
    def of(
        cls,
        stats: ItemStats,
        attributes: ItemAttributes,
        sources: tuple[str, ...],
        names: tuple[str, ...] | None = None,
    ) -> Self:
        """Join statistics with the catalogue's groups; all features of the sources when no names are given."""
        everything = feature_names(sources)
        wanted = everything if names is None else names
        row = {name: number for number, name in enumerate(everything)}
        rows = np.array([row[RENAMED.get(name, name)] for name in wanted], dtype=np.int64)
        ends = tuple(accumulate(len(group.formulas(sources)) for group in GROUPS))
        return cls(ItemSide.of(stats, attributes), wanted, rows, ends)

    def with_prices(self, attributes: ItemAttributes, new: npt.NDArray[np.bool_]) -> Self:
        """The same where some items have the catalogue's price instead of the mean price paid."""
        price = np.where(new, attributes.price, self.stats.price)
        return replace(self, items=ItemSide.of(replace(self.stats, price=price), attributes))

    @property
    def stats(self) -> ItemStats:
        """The statistics of the items."""
        return self.items.stats

    def features(self, profile: UserProfile, candidates: Candidates) -> FloatArray:
        """Compute the features of a user's candidates.

        Everything that depends on time is as of ``profile.as_of``.

        Returns
        -------
        ndarray of float32, shape (n_candidates, n_features)
            Columns in the order of `names`.
        """
        block = np.empty((self.ends[-1], len(candidates)), dtype=np.float32)
        for group, (start, end) in zip(GROUPS, pairwise((0, *self.ends)), strict=True):
            group.fill(block[start:end], profile, candidates, self.items)
        return block[self.rows].T
