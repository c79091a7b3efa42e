"""Stage one as files of a bundle."""

from candidate_gen.als import AlsModel
from candidate_gen.generator import CandidateGenerator
from candidate_gen.index import open_index
from candidate_gen.item_knn import ItemKnn
from candidate_gen.popularity import INTEREST_HALF_LIFE_DAYS, CategoryPopularity, Popularity
from candidate_gen.settings import CandidateConfig
from data.attributes import ItemAttributes
from shortlist.bundle import Bundle, BundleWriter


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
    """Map what every source holds. `config` is the one that the bundle was trained with."""
    return CandidateGenerator(
        als=AlsModel(
            item_factors=bundle.array("als_item_factors"),
            gram=bundle.array("als_gram"),
            alpha=config.als.alpha,
            half_life_days=config.als.half_life_days,
        ),
        index=open_index(bundle.path("als_index.faiss"), bundle.array("als_index_items")),
        item_knn=ItemKnn(
            bundle.array("item_knn_neighbors"), bundle.array("item_knn_similarity"), config.item_knn.recent_items
        ),
        category_popularity=CategoryPopularity(
            category=attributes.category,
            top_items=bundle.array("category_popular_items"),
            top_share=bundle.array("category_popular_share"),
            half_life_days=INTEREST_HALF_LIFE_DAYS,
            categories_per_user=config.popularity.categories_per_user,
        ),
        popularity=Popularity(bundle.array("popular_score"), bundle.array("popular_order")),
        limits=config.limits,
    )
