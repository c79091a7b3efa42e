"""The whole configuration: each part is defined beside what it configures."""

from pathlib import Path

from data.settings import DataConfig
from shortlist.config import ConfigModel, load_config


class Config(ConfigModel):
    """The root of config/default.toml."""

    data: DataConfig = DataConfig()


def read_config(path: Path | None) -> Config:
    """The configuration in a file, or the defaults without one."""
    return Config() if path is None else load_config(path, Config)
