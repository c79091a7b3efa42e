"""What is chosen for stage one before anything is trained, on the newest labels: the weights of ALS, and the fusion."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from candidate_gen.als_search import choose_als
from candidate_gen.fusion import Fusion, fit_fusion
from candidate_gen.generator import CandidateGenerator
from candidate_gen.profile import build_profile
from candidate_gen.settings import CandidateConfig
from candidate_gen.source import ItemPositions
from candidate_gen.training import fit_generator
from data.attributes import ItemAttributes
from ranking.snapshots import Snapshot
from shortlist.progress import Reporter

FUSION_USERS: Final = 400
MIN_FUSION_USERS: Final = 30


@dataclass(frozen=True, slots=True)
class StageOne:
    """The settings of stage one, and what was measured for it.

    Attributes
    ----------
    config : CandidateConfig
        With the weights of ALS that were chosen.
    fusion : Fusion or None
        None where too few users are labelled.
    newest : Snapshot or None
        What it was measured on.
    generator : CandidateGenerator or None
        Fitted on the newest snapshot, to be used again.
    users : ndarray of int32, shape (n,)
        The users of that snapshot whose labels the fusion has seen: they train no ranker.
    choices : dict
        For the manifest.
    """

    config: CandidateConfig
    fusion: Fusion | None = None
    newest: Snapshot | None = None
    generator: CandidateGenerator | None = None
    users: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    choices: dict[str, Any] = field(default_factory=dict)

    def generator_for(self, snapshot: Snapshot, attributes: ItemAttributes, rng: int) -> CandidateGenerator:
        """Every source fitted on a snapshot's past."""
        if snapshot is self.newest and self.generator is not None:
            return self.generator
        generator, _ = fit_generator(snapshot.past, attributes, self.config, rng, self.fusion)
        return generator

    def measured_on(self, snapshot: Snapshot) -> npt.NDArray[np.int32]:
        """The users of a snapshot whose labels the fusion has seen."""
        return self.users if snapshot is self.newest else self.users[:0]


def choose_stage_one(
    snapshot: Snapshot | None, attributes: ItemAttributes, config: CandidateConfig, rng: int, reporter: Reporter
) -> StageOne:
    """Choose on a snapshot; as configured when there is none."""
    if snapshot is None or not len(snapshot.past):
        return StageOne(config)
    choices: dict[str, Any] = {}
    if config.als.limit:
        reporter.step("choosing the weights of ALS on the newest labels")
        choice = choose_als(snapshot.past, snapshot.labels, config.als, rng)
        config, choices = config.model_copy(update={"als": choice.config}), choice.choices()
    rows = _measured_rows(snapshot, rng)
    if len(rows) < MIN_FUSION_USERS:
        return StageOne(config, choices=choices)
    reporter.step("measuring what a source's rank is worth")
    generator, _ = fit_generator(snapshot.past, attributes, config, rng)
    fusion = fit_fusion(len(generator.sources), _answers(generator, snapshot, rows))
    users = snapshot.labels.user_idx[rows]
    return StageOne(config, fusion, snapshot, replace(generator, fusion=fusion), users, choices)


def _measured_rows(snapshot: Snapshot, rng: int) -> npt.NDArray[np.int64]:
    """Up to `FUSION_USERS` users with a history, at most a quarter of them."""
    rows = np.flatnonzero(np.diff(snapshot.past.interactions.user_offsets)[snapshot.labels.user_idx] > 0)
    return np.random.default_rng(rng).permutation(rows)[: min(FUSION_USERS, len(rows) // 4)]


def _answers(
    generator: CandidateGenerator, snapshot: Snapshot, rows: npt.NDArray[np.int64]
) -> Iterator[tuple[list[ItemPositions], ItemPositions]]:
    for row in rows:
        profile = build_profile(snapshot.past.history(int(snapshot.labels.user_idx[row])))
        yield generator.found(profile), snapshot.labels.of(int(row))
