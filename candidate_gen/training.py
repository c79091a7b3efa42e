"""Fitting stage one on what was known at a moment."""

from typing import Any

from candidate_gen.fusion import Fusion
from candidate_gen.generator import CandidateGenerator
from candidate_gen.settings import CandidateConfig
from data.arrays.past import Past
from data.attributes import ItemAttributes


def fit_generator(
    past: Past, attributes: ItemAttributes, config: CandidateConfig, rng: int, fusion: Fusion | None = None
) -> tuple[CandidateGenerator, dict[str, Any]]:
    """Fit every source that is switched on.

    Parameters
    ----------
    fusion : Fusion, optional
        What a source's rank is worth, where it was measured.

    Returns
    -------
    generator : CandidateGenerator
    choices : dict
        What sources chose by measurement.
    """
    kinds = config.sources()
    sources = tuple(kind.fit(past, attributes, config.of(kind), rng) for kind in kinds)
    limits = tuple(config.of(kind).limit for kind in kinds)
    choices: dict[str, Any] = {}
    for source in sources:
        choices |= source.choices() if hasattr(source, "choices") else {}
    return CandidateGenerator(sources, limits, config.max_candidates, fusion), choices
