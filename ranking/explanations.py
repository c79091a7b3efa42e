"""Why an item is in a list: the sources that found it, and the features that moved its score."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from candidate_gen.source import Source
from candidate_gen.sources import SOURCES
from candidate_gen.sources.history import History as OwnItems
from ranking.scenarios import RecentlyViewed, Trending
from ranking.two_stage import RankedList, TwoStage
from shortlist.ids import MISSING

_SOURCES: Final[tuple[type[Source], ...]] = (*SOURCES, Trending, RecentlyViewed)
REASONS: Final = {source.name: source.reason for source in _SOURCES}
"""The reason that each source stands for. What the user bought is ``bought_before`` and not merely seen."""

BOUGHT: Final = "bought_before"
FILLER: Final = "filler"
"""The reason of an item that no source found: it fills a list that would be short."""

N_CONTRIBUTIONS: Final = 5

ItemPositions = npt.NDArray[np.int32]


def reasons_of(
    item_idx: ItemPositions, ranked: RankedList, two_stage: TwoStage, bought: ItemPositions
) -> list[tuple[str, ...]]:
    """The reasons of each item: of the sources that found it, in their order, or that it fills the list."""
    sources, popular = ranked.candidates.sources, two_stage.generator.popular
    places = _places(item_idx, ranked.candidates.item_idx)
    is_found = np.zeros((len(sources), len(item_idx)), dtype=np.bool_)
    if len(ranked.candidates):
        is_found = (ranked.candidates.rank[:, places] > 0) & (places != MISSING)
    row = sources.index(popular.name)
    is_found[row] = (is_found[row] | (places == MISSING)) & (popular.popularity[item_idx] > 0)
    is_bought = (item_idx[:, None] == bought).any(axis=1)
    return [
        _reasons(sources, tuple(found), was_bought)
        for found, was_bought in zip(is_found.T.tolist(), is_bought.tolist(), strict=True)
    ]


def contributions_of(item_idx: ItemPositions, ranked: RankedList, two_stage: TwoStage) -> list[dict[str, float]]:
    """For each item, the features that moved its score most; empty for items that only fill the list."""
    ranker = two_stage.ranker
    if ranker is None or not ranked.is_personal or not two_stage.is_ranked("full"):
        return [{} for _ in item_idx]
    places = _places(item_idx, ranked.candidates.item_idx)
    features = two_stage.context.features(ranked.profile, ranked.candidates)
    shares = ranker.contributions(features[places])
    names = two_stage.context.names
    strongest = np.argsort(-np.abs(shares), axis=1)[:, :N_CONTRIBUTIONS]
    return [
        {} if place == MISSING else {names[column]: round(float(row[column]), 4) for column in columns}
        for place, row, columns in zip(places, shares, strongest, strict=True)
    ]


@lru_cache(maxsize=4096)
def _reasons(sources: tuple[str, ...], is_found: tuple[bool, ...], was_bought: bool) -> tuple[str, ...]:
    """The reasons that sources stand for, of those that found an item; ``filler`` when none did."""
    reasons = dict.fromkeys(REASONS[source] for source, found in zip(sources, is_found, strict=True) if found)
    return tuple(BOUGHT if name == OwnItems.reason and was_bought else name for name in reasons) or (FILLER,)


def _places(item_idx: ItemPositions, candidates: ItemPositions) -> npt.NDArray[np.int64]:
    """Where each item stands among ascending candidates, ``MISSING`` where it does not."""
    if not len(candidates):
        return np.full(len(item_idx), MISSING, dtype=np.int64)
    places = np.minimum(np.searchsorted(candidates, item_idx), len(candidates) - 1)
    return np.where(candidates[places] == item_idx, places, MISSING)
