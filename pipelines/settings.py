"""The whole configuration: each part is defined beside what it configures."""

from pathlib import Path

from pydantic import Field

from candidate_gen.settings import CandidateConfig
from data.integrity import IntegrityConfig
from data.interactions import EventWeights
from data.settings import DataConfig
from experiments.outcomes import OutcomesConfig
from monitoring.rules import MonitoringConfig
from pipelines.pruning import RetentionConfig
from ranking.settings import RankerConfig
from serving.settings import ServingConfig
from shortlist.config import ConfigModel, load_config


class Config(ConfigModel):
    """The root of config/default.toml."""

    seed: int = Field(default=42, ge=0)
    data: DataConfig = DataConfig()
    integrity: IntegrityConfig = IntegrityConfig()
    event_weights: EventWeights = EventWeights()
    candidate_gen: CandidateConfig = CandidateConfig()
    ranking: RankerConfig = RankerConfig()
    serving: ServingConfig = ServingConfig()
    retention: RetentionConfig = RetentionConfig()
    outcomes: OutcomesConfig = OutcomesConfig()
    monitoring: MonitoringConfig = MonitoringConfig()


def read_config(path: Path | None) -> Config:
    """The configuration in a file, or the defaults without one."""
    return Config() if path is None else load_config(path, Config)
