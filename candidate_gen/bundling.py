"""Stage one as files of a bundle."""

from candidate_gen.fusion import EDGES, Fusion
from candidate_gen.generator import CandidateGenerator
from candidate_gen.settings import CandidateConfig
from candidate_gen.source import Sizes, StoredArrays
from data.attributes import ItemAttributes
from shortlist.bundle import Bundle, BundleWriter
from shortlist.checks import check_shape
from shortlist.errors import BundleError

FUSION_ARRAY = "fusion_chance"


def save_generator(writer: BundleWriter, generator: CandidateGenerator) -> None:
    """Write what every source holds, its name before the name of each array."""
    for source in generator.sources:
        for name, content in source.arrays().items():
            if isinstance(content, bytes):
                writer.add_index(f"{source.name}_{name}", content)
            else:
                writer.add_array(f"{source.name}_{name}", content)
    if generator.fusion is not None:
        writer.add_array(FUSION_ARRAY, generator.fusion.chance)


def load_generator(bundle: Bundle, attributes: ItemAttributes, config: CandidateConfig) -> CandidateGenerator:
    """Map what every source holds.

    Parameters
    ----------
    config : CandidateConfig
        The one that the bundle was trained with; its sources are the bundle's.

    Raises
    ------
    BundleError
        When the arrays do not fit one another.
    """
    sizes = Sizes(len(attributes.category), attributes)
    kinds = config.sources()
    sources = tuple(kind.from_arrays(StoredArrays(bundle, kind.name), config.of(kind), sizes) for kind in kinds)
    limits = tuple(config.of(kind).limit for kind in kinds)
    return CandidateGenerator(sources, limits, config.max_candidates, _load_fusion(bundle, len(sources)))


def _load_fusion(bundle: Bundle, n_sources: int) -> Fusion | None:
    """What a source's rank is worth; bundles of release 0.1, and of small logs, do not say."""
    if not bundle.has(f"{FUSION_ARRAY}.npy"):
        return None
    chance = bundle.array(FUSION_ARRAY)
    check_shape(FUSION_ARRAY, chance, n_sources, len(EDGES))
    if ((chance < 0) | (chance > 1)).any():
        raise BundleError(f"{FUSION_ARRAY}: holds what is no chance. Train again.")
    return Fusion(chance)
