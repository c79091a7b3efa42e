"""Fitting stage one on all interactions before a moment."""

from dataclasses import asdict
from typing import Any

import numpy as np

from candidate_gen.als import AlsModel, fit_als
from candidate_gen.generator import CandidateGenerator
from candidate_gen.index import build_index
from candidate_gen.item_knn import fit_item_knn
from candidate_gen.popularity import fit_category_popularity, fit_popularity
from candidate_gen.profile import build_profile
from candidate_gen.settings import CandidateConfig
from data.attributes import ItemAttributes
from data.interactions import Interactions


def fit_generator(
    interactions: Interactions, attributes: ItemAttributes, as_of: int, config: CandidateConfig, rng: int
) -> tuple[CandidateGenerator, dict[str, Any]]:
    """Fit every source.

    Parameters
    ----------
    interactions : Interactions
        All before `as_of`, in seconds.

    Returns
    -------
    generator : CandidateGenerator
    choices : dict
        What was chosen by measurement: the kind of index, the share of items in it, its recall.
    """
    als = fit_als(interactions, as_of, config.als, rng)
    queries = _probe_factors(als, interactions, as_of, config.index.n_probe_users, rng)
    index, choice = build_index(als.item_factors, queries, config.limits.als, config.index)
    popularity = fit_popularity(interactions, as_of, config.popularity)
    generator = CandidateGenerator(
        als=als,
        index=index,
        item_knn=fit_item_knn(interactions, as_of, config.item_knn),
        category_popularity=fit_category_popularity(
            popularity, attributes.category, len(attributes.categories), config.popularity
        ),
        popularity=popularity,
        limits=config.limits,
    )
    return generator, {"index": asdict(choice)}


def _probe_factors(als: AlsModel, interactions: Interactions, as_of: int, n: int, rng: int) -> np.ndarray:
    """Factors of randomly drawn users, to measure the index with."""
    active = np.flatnonzero(np.diff(interactions.user_offsets))
    drawn = np.random.default_rng(rng).choice(active, size=min(n, len(active)), replace=False)
    profiles = [build_profile(interactions.history(int(user), as_of)) for user in drawn]
    factors = [als.user_factor(profile) for profile in profiles]
    return np.array(factors, dtype=np.float32).reshape(len(factors), als.item_factors.shape[1])
