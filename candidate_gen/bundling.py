"""Stage one as files of a bundle."""

from candidate_gen.generator import CandidateGenerator
from candidate_gen.settings import CandidateConfig
from candidate_gen.source import Sizes, StoredArrays
from data.attributes import ItemAttributes
from shortlist.bundle import Bundle, BundleWriter


def save_generator(writer: BundleWriter, generator: CandidateGenerator) -> None:
    """Write what every source holds, its name before the name of each array."""
    for source in generator.sources:
        for name, content in source.arrays().items():
            if isinstance(content, bytes):
                writer.add_index(f"{source.name}_{name}", content)
            else:
                writer.add_array(f"{source.name}_{name}", content)


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
    return CandidateGenerator(sources, tuple(config.of(kind).limit for kind in kinds), config.max_candidates)
