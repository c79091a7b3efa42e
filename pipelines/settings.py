"""The whole configuration: each part is defined beside what it configures."""

from pathlib import Path

from pydantic import Field

from candidate_gen.settings import CandidateConfig
from data.integrity import IntegrityConfig
from data.interactions import EventWeights
from data.log.scan import SORT_MEMORY_MB
from data.settings import DataConfig
from experiments.outcomes import OutcomesConfig
from monitoring.rules import MonitoringConfig
from pipelines.pruning import RetentionConfig
from ranking.settings import RankerConfig
from serving.settings import ServingConfig
from shortlist.cluster import SparkConfig
from shortlist.config import ConfigModel, load_config


class TrainingConfig(ConfigModel):
    """The [training] table: what a training holds in memory."""

    max_events: int = Field(default=20_000_000, ge=1_000)
    sort_memory_mb: int = Field(default=SORT_MEMORY_MB, ge=100)


class Config(ConfigModel):
    """The root of config/default.toml."""

    seed: int = Field(default=42, ge=0)
    data: DataConfig = DataConfig()
    integrity: IntegrityConfig = IntegrityConfig()
    event_weights: EventWeights = EventWeights()
    candidate_gen: CandidateConfig = CandidateConfig()
    ranking: RankerConfig = RankerConfig()
    training: TrainingConfig = TrainingConfig()
    spark: SparkConfig = SparkConfig()
    serving: ServingConfig = ServingConfig()
    retention: RetentionConfig = RetentionConfig()
    outcomes: OutcomesConfig = OutcomesConfig()
    monitoring: MonitoringConfig = MonitoringConfig()


def read_config(path: Path | None) -> Config:
    """The configuration in a file, or the defaults without one."""
    return Config() if path is None else load_config(path, Config)
