"""The candidate sources, one file each. A new one is a file and a line here."""

from typing import Final

from candidate_gen.source import Source
from candidate_gen.sources.als import Als
from candidate_gen.sources.baskets import Baskets
from candidate_gen.sources.category_popular import CategoryPopular
from candidate_gen.sources.content import Content
from candidate_gen.sources.history import History
from candidate_gen.sources.item_graph import ItemGraph
from candidate_gen.sources.item_knn import ItemKnn
from candidate_gen.sources.last_item import LastItem
from candidate_gen.sources.popular import Popular
from candidate_gen.sources.transitions import Transitions
from candidate_gen.sources.user_knn import UserKnn
from candidate_gen.votes import VotingSource

SOURCES: Final[tuple[type[Source], ...]] = (
    History,
    Als,
    ItemKnn,
    Transitions,
    LastItem,
    Baskets,
    UserKnn,
    ItemGraph,
    Content,
    CategoryPopular,
    Popular,
)
"""In the order in which their finds are merged. The last one fills lists."""

VOTING: Final = frozenset(source.name for source in SOURCES if issubclass(source, VotingSource))
"""The sources whose score is a sum over the user's own items."""
