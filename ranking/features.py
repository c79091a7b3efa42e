"""The one owner of features: what the ranker knows of a user and a candidate, as of one moment.

The same function serves training, batch lists and single requests, one user at a time, so that a row of features does
not depend on who else is asked for. No feature is missing or infinite: where there is nothing to say, a stated
constant stands (`NEVER_DAYS` for "never", 0 for a count or a share).
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from candidate_gen.generator import SOURCES, Candidates
from candidate_gen.profile import HALF_LIVES_DAYS, INTEREST_HALF_LIFE_DAYS, UserProfile
from data.attributes import ItemAttributes
from ranking.item_stats import NEVER_DAYS, WINDOWS_DAYS, ItemStats

FloatArray = npt.NDArray[np.float32]

UNRANKED: Final = np.float32(1_000.0)

USER_ITEM_FEATURES: Final = (
    "n_events",
    "last_days",
    "first_days",
    "gap_days",
    "due_by_own_gap",
    "due_by_item_gap",
    "basket_share",
    "recent_basket_share",
    *(f"decayed_{half_life}d" for half_life in HALF_LIVES_DAYS),
)
SOURCE_FEATURES: Final = (
    *(f"rank_{source}" for source in SOURCES),
    "n_sources",
    "fused_score",
    "als_score",
    "als_rank",
    "item_knn_score",
    "item_knn_rank",
)
ITEM_FEATURES: Final = (
    *(f"share_{window}d" for window in WINDOWS_DAYS),
    "trend",
    "buyers_share",
    "repeat_rate",
    "item_gap_days",
    "age_days",
    "idle_days",
    "price_to_category",
    "price_to_user",
)
AFFINITY_FEATURES: Final = tuple(
    f"{group}_{fact}" for group in ("category", "top_category", "brand") for fact in ("affinity", "last_days")
)
USER_FEATURES: Final = (
    "user_n_baskets",
    "user_last_days",
    "user_gap_days",
    "user_n_items",
    "user_items_per_basket",
    "user_repeat_share",
    "user_baskets_28d",
    "user_tenure_days",
)
FEATURES: Final = USER_ITEM_FEATURES + SOURCE_FEATURES + ITEM_FEATURES + AFFINITY_FEATURES + USER_FEATURES
"""The names of all features, in the order of the columns. All are float32."""


@dataclass(frozen=True, slots=True)
class FeatureContext:
    """The item side of the features: the same for every user of a bundle or snapshot.

    Attributes
    ----------
    stats : ItemStats
    category, top_category, brand : ndarray of int32, shape (n_items,)
        ``MISSING`` where unknown.
    """

    stats: ItemStats
    category: npt.NDArray[np.int32]
    top_category: npt.NDArray[np.int32]
    brand: npt.NDArray[np.int32]

    @classmethod
    def of(cls, stats: ItemStats, attributes: ItemAttributes) -> Self:
        """Join statistics with the catalogue's groups."""
        return cls(stats, attributes.category, attributes.top_category(), attributes.brand)

    def features(self, profile: UserProfile, candidates: Candidates) -> FloatArray:
        """Compute the features of a user's candidates.

        Everything that depends on time is as of ``profile.as_of``.

        Returns
        -------
        ndarray of float32, shape (n_candidates, n_features)
            Columns in the order of `FEATURES`.
        """
        matrix = np.empty((len(FEATURES), len(candidates)), dtype=np.float32)
        blocks = (
            (USER_ITEM_FEATURES, self._user_item(profile, candidates)),
            (SOURCE_FEATURES, _source(candidates)),
            (ITEM_FEATURES, self._item(profile, candidates)),
            (AFFINITY_FEATURES, self._affinity(profile, candidates)),
            (USER_FEATURES, _user(profile)),
        )
        start = 0
        for names, columns in blocks:
            for column in columns:
                matrix[start] = column
                start += 1
            if start != FEATURES.index(names[-1]) + 1:
                raise ValueError(f"the block that ends with {names[-1]} does not have a column for each name")
        return matrix.T

    def _user_item(self, profile: UserProfile, candidates: Candidates) -> list[FloatArray]:
        """What the user did with the item."""
        place, had = _places(profile, candidates)
        never = np.where(had, np.float32(0.0), NEVER_DAYS)

        def of_item(values: FloatArray) -> FloatArray:
            return np.where(had, values[place], np.float32(0.0)) if len(values) else np.zeros_like(never)

        n_events = of_item(profile.n_events)
        last = of_item(profile.last_days)
        first = of_item(profile.first_days)
        own_gap = np.where(n_events > 1, (first - last) / np.maximum(n_events - 1, 1), 0.0).astype(np.float32)
        item_gap = self.stats.gap_days[candidates.item_idx]
        gap = np.where(n_events > 1, own_gap, item_gap)
        baskets_since = np.searchsorted(-profile.basket_days, -first, side="left")
        n_since = np.maximum(len(profile.basket_days) - baskets_since, 1).astype(np.float32)
        return [
            n_events,
            last + never,
            first + never,
            np.where(had, own_gap, NEVER_DAYS),
            np.where(had, last / np.maximum(gap, 0.5), np.float32(-1.0)),
            np.where(had, last / np.maximum(item_gap, 0.5), np.float32(-1.0)),
            n_events / np.float32(max(len(profile.basket_days), 1)),
            n_events / n_since,
            *(of_item(row) for row in profile.decayed),
        ]

    def _item(self, profile: UserProfile, candidates: Candidates) -> list[FloatArray]:
        """What everybody did with the item, and its price beside the category's and the user's."""
        items, stats = candidates.item_idx, self.stats
        price = stats.price[items]
        paid = profile.price[profile.price > 0]
        usual = np.float32(paid.mean() if len(paid) else 0.0)
        return [
            *stats.share[:, items],
            stats.trend[items],
            stats.buyers_share[items],
            stats.repeat_rate[items],
            stats.gap_days[items],
            stats.age_days[items],
            stats.idle_days[items],
            _ratio(price, stats.category_price[items]),
            _ratio(price, usual),
        ]

    def _affinity(self, profile: UserProfile, candidates: Candidates) -> list[FloatArray]:
        """How much of the user's recent weight is in the item's category and brand, and since when."""
        columns: list[FloatArray] = []
        weight = profile.decayed_at(INTEREST_HALF_LIFE_DAYS)
        for codes in (self.category, self.top_category, self.brand):
            columns.extend(_group_affinity(codes[profile.item_idx], codes[candidates.item_idx], weight, profile))
        return columns


def _places(profile: UserProfile, candidates: Candidates) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where each candidate stands among the user's items, and whether it does."""
    if not len(profile):
        return np.zeros(len(candidates), dtype=np.int64), np.zeros(len(candidates), dtype=np.bool_)
    place = np.minimum(np.searchsorted(profile.item_idx, candidates.item_idx), len(profile) - 1)
    return place, profile.item_idx[place] == candidates.item_idx


def _source(candidates: Candidates) -> list[FloatArray]:
    """Where each source ranks the item, and scores made comparable between two fits."""
    ranked = candidates.rank > 0
    return [
        *np.where(ranked, candidates.rank, UNRANKED),
        ranked.sum(axis=0).astype(np.float32),
        candidates.fused_score(),
        _to_best(candidates.als_score),
        _descending_rank(candidates.als_score),
        _to_best(candidates.item_knn_score),
        _descending_rank(candidates.item_knn_score),
    ]


def _user(profile: UserProfile) -> list[np.float32]:
    """How active the user is."""
    n_baskets = len(profile.basket_days)
    if not n_baskets:
        return [np.float32(0.0), NEVER_DAYS, NEVER_DAYS, *[np.float32(0.0)] * 5]
    first, last = profile.basket_days[0], profile.basket_days[-1]
    n_events = profile.n_events.sum()
    return [
        np.float32(n_baskets),
        last,
        (first - last) / np.float32(n_baskets - 1) if n_baskets > 1 else NEVER_DAYS,
        np.float32(len(profile)),
        n_events / np.float32(n_baskets),
        np.float32(1.0) - np.float32(len(profile)) / n_events,
        np.float32(np.count_nonzero(profile.basket_days <= 28)),
        first,
    ]


def _group_affinity(
    own: npt.NDArray[np.int32], wanted: npt.NDArray[np.int32], weight: FloatArray, profile: UserProfile
) -> tuple[FloatArray, FloatArray]:
    """The share of the user's weight in each candidate's group, and the days since the user's last item of it."""
    size = int(max(own.max(initial=-1), wanted.max(initial=-1))) + 2
    share = np.bincount(own + 1, weight, minlength=size).astype(np.float32)
    share /= np.maximum(share.sum(), np.float32(1e-9))
    last = np.full(size, NEVER_DAYS)
    np.minimum.at(last, own + 1, profile.last_days)
    share[0], last[0] = 0.0, NEVER_DAYS
    return share[wanted + 1], last[wanted + 1]


def _ratio(price: FloatArray, base: FloatArray | np.float32) -> FloatArray:
    """Log ratio of two prices, 0 where either is unknown."""
    known = (price > 0) & (base > 0)
    return np.where(known, np.log(np.maximum(price, 1e-3) / np.maximum(base, 1e-3)), 0.0).astype(np.float32)


def _to_best(score: FloatArray) -> FloatArray:
    """A score as a share of the best one."""
    best = score.max(initial=0.0)
    return score / best if best > 0 else np.zeros_like(score)


def _descending_rank(score: FloatArray) -> FloatArray:
    rank = np.empty(len(score), dtype=np.float32)
    rank[np.argsort(-score, kind="stable")] = np.arange(1, len(score) + 1)
    return rank
