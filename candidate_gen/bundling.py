"""Stage one as files of a bundle."""

import numpy as np

from candidate_gen.als import AlsModel
from candidate_gen.generator import CandidateGenerator
from candidate_gen.index import FactorIndex, open_index
from candidate_gen.item_knn import ItemKnn
from candidate_gen.popularity import CategoryPopularity, Popularity
from candidate_gen.profile import INTEREST_HALF_LIFE_DAYS
from candidate_gen.settings import CandidateConfig
from data.attributes import ItemAttributes
from shortlist.bundle import Bundle, BundleWriter
from shortlist.checks import check_range, check_shape
from shortlist.errors import BundleError
from shortlist.ids import MISSING


def save_generator(writer: BundleWriter, generator: CandidateGenerator) -> None:
    """Write what every source holds."""
    writer.add_array("als_item_factors", generator.als.item_factors)
    writer.add_array("als_gram", generator.als.gram)
    writer.add_index("als_index", generator.index.to_bytes())
    writer.add_array("als_index_items", generator.index.items)
    writer.add_array("item_knn_neighbors", generator.item_knn.neighbors)
    writer.add_array("item_knn_similarity", generator.item_knn.similarity)
    writer.add_array("category_popular_items", generator.category_popularity.top_items)
    writer.add_array("category_popular_share", generator.category_popularity.top_share)
    writer.add_array("popular_score", generator.popularity.score)
    writer.add_array("popular_order", generator.popularity.order)


def load_generator(bundle: Bundle, attributes: ItemAttributes, config: CandidateConfig) -> CandidateGenerator:
    """Map what every source holds.

    Parameters
    ----------
    config : CandidateConfig
        The one that the bundle was trained with.

    Raises
    ------
    BundleError
        When the arrays do not fit one another.
    """
    n_items = len(attributes.category)
    als = _load_als(bundle, config, n_items)
    return CandidateGenerator(
        als=als,
        index=_load_index(bundle, als),
        item_knn=_load_item_knn(bundle, config, n_items),
        category_popularity=_load_category_popularity(bundle, attributes, config),
        popularity=_load_popularity(bundle, n_items),
        limits=config.limits,
    )


def _load_als(bundle: Bundle, config: CandidateConfig, n_items: int) -> AlsModel:
    item_factors, gram = bundle.array("als_item_factors"), bundle.array("als_gram")
    check_shape("als_item_factors", item_factors, n_items, config.als.factors)
    check_shape("als_gram", gram, config.als.factors, config.als.factors)
    return AlsModel(item_factors, gram, config.als.alpha, config.als.half_life_days)


def _load_index(bundle: Bundle, als: AlsModel) -> FactorIndex:
    items = bundle.array("als_index_items")
    check_shape("als_index_items", items, None)
    check_range("als_index_items", items, 0, len(als.item_factors))
    index = open_index(bundle.path("als_index.faiss"), items)
    if (index.index.ntotal, index.index.d) != (len(items), als.item_factors.shape[1]):
        raise BundleError("als_index.faiss: holds other vectors than als_index_items says. Train again.")
    return index


def _load_item_knn(bundle: Bundle, config: CandidateConfig, n_items: int) -> ItemKnn:
    neighbors, similarity = bundle.array("item_knn_neighbors"), bundle.array("item_knn_similarity")
    check_shape("item_knn_neighbors", neighbors, n_items, None)
    check_shape("item_knn_similarity", similarity, *neighbors.shape)
    check_range("item_knn_neighbors", neighbors, MISSING, n_items)
    return ItemKnn(neighbors, similarity, config.item_knn.recent_items)


def _load_category_popularity(
    bundle: Bundle, attributes: ItemAttributes, config: CandidateConfig
) -> CategoryPopularity:
    top_items, top_share = bundle.array("category_popular_items"), bundle.array("category_popular_share")
    check_shape("category_popular_items", top_items, len(attributes.categories), None)
    check_shape("category_popular_share", top_share, *top_items.shape)
    check_range("category_popular_items", top_items, MISSING, len(attributes.category))
    return CategoryPopularity(
        category=attributes.category,
        top_items=top_items,
        top_share=top_share,
        half_life_days=INTEREST_HALF_LIFE_DAYS,
        categories_per_user=config.popularity.categories_per_user,
    )


def _load_popularity(bundle: Bundle, n_items: int) -> Popularity:
    score, order = bundle.array("popular_score"), bundle.array("popular_order")
    check_shape("popular_score", score, n_items)
    check_shape("popular_order", order, n_items)
    check_range("popular_order", order, 0, max(n_items, 1))
    if len(np.unique(order)) < n_items:
        raise BundleError("popular_order: names an item twice. Train again.")
    return Popularity(score, order)
