"""The [candidate_gen] table of the configuration."""

from candidate_gen.als import AlsConfig
from candidate_gen.generator import SourceLimits
from candidate_gen.index import IndexConfig
from candidate_gen.item_knn import ItemKnnConfig
from candidate_gen.popularity import PopularityConfig
from shortlist.config import ConfigModel


class CandidateConfig(ConfigModel):
    """Stage one."""

    limits: SourceLimits = SourceLimits()
    als: AlsConfig = AlsConfig()
    index: IndexConfig = IndexConfig()
    item_knn: ItemKnnConfig = ItemKnnConfig()
    popularity: PopularityConfig = PopularityConfig()
