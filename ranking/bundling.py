"""A whole recommender as a bundle, and back."""

from dataclasses import fields
from typing import get_args

import numpy as np
from pydantic import ValidationError

from candidate_gen.bundling import load_generator, save_generator
from candidate_gen.settings import CandidateConfig, upgraded
from data.bundling import load_attributes, load_histories, save_attributes, save_histories
from data.interactions import EventWeights
from data.people import read_people
from ranking.compiling import keep_compiled
from ranking.features import FeatureContext, unknown_features
from ranking.features.item import RHYTHMS, rhythm_feature
from ranking.item_stats import ROWS, FloatArray, ItemStats
from ranking.order import HALF_LIVES, ORDERS, USUAL_HALF_LIFE, Order
from ranking.query import NOBODY, Query
from ranking.ranker import load_ranker
from ranking.recommender import Recommender
from ranking.scenarios import ScenarioName
from ranking.two_stage import TwoStage
from shortlist.bundle import Bundle, BundleWriter
from shortlist.checks import check_shape, checked_before
from shortlist.errors import BundleError, FeatureSchemaError
from shortlist.home import Home

RANKER_FILE = "ranker.txt"


def feature_schema(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The ordered names and dtypes of features."""
    return tuple((name, np.dtype(np.float32).str) for name in names)


def save_recommender(writer: BundleWriter, recommender: Recommender) -> None:
    """Write everything that a recommender holds."""
    save_histories(writer, recommender.table)
    save_attributes(writer, recommender.attributes)
    save_generator(writer, recommender.two_stage.generator)
    for name, array in recommender.two_stage.context.stats.arrays().items():
        writer.add_array(f"stats_{name}", array)
    if recommender.two_stage.ranker is not None:
        writer.add_text("ranker", recommender.two_stage.ranker.to_text())


def load_recommender(bundle: Bundle, num_threads: int = 1) -> Recommender:
    """Map a verified bundle and warm it up with a few lists: no later request compiles anything.

    Parameters
    ----------
    num_threads : int
        LightGBM's threads in this process: 1 for a service, the number of cores for a batch.

    Raises
    ------
    FeatureSchemaError
        When the bundle names a feature that this release does not know.
    StoreUnavailable
        When it cannot be known who is forgotten.
    BundleError
        When a file that is needed is not listed, arrays do not fit one another, or the ranker's trees are not sound.
    """
    home = Home(bundle.folder.parents[1])
    keep_compiled(home)
    with checked_before(is_so=bundle.is_checked):
        recommender = _mapped(bundle, num_threads)
    _warm_up(recommender)
    read_at = bundle.manifest.data.read_at
    return recommender.with_people(read_people(home), 0.0 if read_at is None else read_at.timestamp())


def _mapped(bundle: Bundle, num_threads: int) -> Recommender:
    """A recommender over the bundle's arrays."""
    config = _trained_with(bundle)
    sources = tuple(source.name for source in config.sources())
    names = _known_features(bundle, sources)
    table = load_histories(bundle)
    attributes = load_attributes(bundle, len(table.items))
    context = FeatureContext.of(_load_stats(bundle, names, len(table.items)), attributes, sources, names)
    ranker = load_ranker(bundle.text("ranker"), names, num_threads) if bundle.has(RANKER_FILE) else None
    two_stage = TwoStage(load_generator(bundle, attributes, config), context, ranker, *_order(bundle))
    as_of = int(bundle.manifest.data.end.timestamp())
    target = str(bundle.manifest.choices.target)
    weights = _weights(bundle, target)
    return Recommender(bundle.version, table, attributes, two_stage, as_of, target, weights)


def _weights(bundle: Bundle, target: str) -> dict[str, float]:
    """The strength of each event type, the target's 1."""
    try:
        weights = EventWeights.model_validate(bundle.manifest.config.get("event_weights", {})).model_dump()
        return {name: weight / weights[target] for name, weight in weights.items()}
    except (ValidationError, ZeroDivisionError, KeyError) as error:
        raise BundleError(f"{bundle.folder}: its event weights are not of this release. Train again.") from error


def _trained_with(bundle: Bundle) -> CandidateConfig:
    """The configuration of stage one that the bundle was trained with."""
    try:
        config: CandidateConfig = CandidateConfig.model_validate(upgraded(bundle.manifest.config["candidate_gen"]))
    except (KeyError, TypeError, ValidationError) as error:
        raise BundleError(f"{bundle.folder}: not trained with a configuration of this release. Train again.") from error
    return config


def _known_features(bundle: Bundle, sources: tuple[str, ...]) -> tuple[str, ...]:
    """The features that the bundle names, each of which this release can compute."""
    names = tuple(name for name, _ in bundle.manifest.features)
    unknown = unknown_features(names, sources)
    if unknown or bundle.manifest.features != feature_schema(names) or len(set(names)) < len(names) or not names:
        listed = ", ".join(unknown[:5]) or "their types"
        raise FeatureSchemaError(f"{bundle.folder}: this release does not know its features ({listed}). Train again.")
    return names


def _order(bundle: Bundle) -> tuple[Order, int]:
    """Whose order lists have, and its half-life; bundles of release 0.1 say nothing."""
    choices = bundle.manifest.choices
    named, half_life = choices.order or "ranker", choices.order_half_life_days or USUAL_HALF_LIFE
    for order in ORDERS:
        if named == order and half_life in HALF_LIVES:
            return order, half_life
    raise BundleError(f"{bundle.folder}: this release does not know the order {named} {half_life}. Train again.")


def _load_stats(bundle: Bundle, names: tuple[str, ...], n_items: int) -> ItemStats:
    arrays = {field.name: _load_stat(bundle, names, field.name, n_items) for field in fields(ItemStats)}
    return ItemStats(**arrays)


def _load_stat(bundle: Bundle, names: tuple[str, ...], name: str, n_items: int) -> FloatArray:
    shape = (ROWS[name], n_items) if name in ROWS else (n_items,)
    if name in RHYTHMS and rhythm_feature(name) not in names:  # release 0.1 knew no rhythms
        return np.ones(shape, dtype=np.float32)
    array = bundle.array(f"stats_{name}")
    check_shape(f"stats_{name}", array, *shape)
    return array


def _warm_up(recommender: Recommender) -> None:
    """Make lists of every kind: a bundle that cannot answer is found, and kernels are compiled, before it serves."""
    users = recommender.table.users
    known = users.external(0) if len(users) else NOBODY
    scenarios = (Query(known, scenario=name) for name in get_args(ScenarioName))
    for query in (*scenarios, Query(NOBODY), Query(known, exclude_seen=True), Query(known, stage="retrieval")):
        recommender.recommend(query)
