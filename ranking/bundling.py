"""A whole recommender as a bundle, and back."""

from dataclasses import fields

import numpy as np
from pydantic import ValidationError

from candidate_gen.bundling import load_generator, save_generator
from candidate_gen.settings import CandidateConfig
from data.bundling import load_attributes, load_interactions, save_attributes, save_interactions
from ranking.features import FEATURES, FeatureContext
from ranking.item_stats import WINDOWS_DAYS, ItemStats
from ranking.ranker import load_ranker
from ranking.recommender import Query, Recommender
from ranking.two_stage import TwoStage
from shortlist.bundle import Bundle, BundleWriter
from shortlist.checks import check_shape
from shortlist.columns import EventType
from shortlist.errors import BundleError, FeatureSchemaError

RANKER_FILE = "ranker.txt"


def feature_schema() -> tuple[tuple[str, str], ...]:
    """The ordered names and dtypes of the features."""
    return tuple((name, np.dtype(np.float32).str) for name in FEATURES)


def save_recommender(writer: BundleWriter, recommender: Recommender) -> None:
    """Write everything that a recommender holds."""
    save_interactions(writer, recommender.interactions)
    save_attributes(writer, recommender.attributes)
    save_generator(writer, recommender.two_stage.generator)
    for name, array in recommender.two_stage.context.stats.arrays().items():
        writer.add_array(f"stats_{name}", array)
    if recommender.two_stage.ranker is not None:
        writer.add_text("ranker", recommender.two_stage.ranker.to_text())


def load_recommender(bundle: Bundle, num_threads: int = 1) -> Recommender:
    """Map a verified bundle and warm it up with one list.

    Parameters
    ----------
    num_threads : int
        LightGBM's threads in this process: 1 for a service, the number of cores for a batch.

    Raises
    ------
    FeatureSchemaError
        When the bundle's features are not those of this release.
    BundleError
        When a file that is needed is not listed, arrays do not fit one another, or the ranker's trees are not sound.
    """
    if bundle.manifest.features != feature_schema():
        raise FeatureSchemaError(f"{bundle.folder}: its features are not those of this release. Train again.")
    config = _trained_with(bundle)
    interactions = load_interactions(bundle)
    attributes = load_attributes(bundle, len(interactions.items))
    context = FeatureContext.of(_load_stats(bundle, len(interactions.items)), attributes)
    ranker = load_ranker(bundle.text("ranker"), num_threads) if bundle.has(RANKER_FILE) else None
    two_stage = TwoStage(load_generator(bundle, attributes, config), context, ranker)
    as_of = int(bundle.manifest.data.end.timestamp())
    target = str(bundle.manifest.choices.get("target", EventType.PURCHASE))
    recommender = Recommender(bundle.version, interactions, attributes, two_stage, as_of, target)
    _warm_up(recommender)
    return recommender


def _trained_with(bundle: Bundle) -> CandidateConfig:
    """The configuration of stage one that the bundle was trained with."""
    try:
        return CandidateConfig.model_validate(bundle.manifest.config["candidate_gen"])
    except (KeyError, ValidationError) as error:
        raise BundleError(f"{bundle.folder}: not trained with a configuration of this release. Train again.") from error


def _load_stats(bundle: Bundle, n_items: int) -> ItemStats:
    arrays = {field.name: bundle.array(f"stats_{field.name}") for field in fields(ItemStats)}
    for name, array in arrays.items():
        check_shape(f"stats_{name}", array, *((len(WINDOWS_DAYS),) if name == "share" else ()), n_items)
    return ItemStats(**arrays)


def _warm_up(recommender: Recommender) -> None:
    """Make the list of one real user, so that a bundle that cannot answer is found before it serves."""
    users = recommender.interactions.users
    if len(users):
        recommender.recommend(Query(users.external(0)))
