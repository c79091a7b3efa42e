"""What the service is told: its table of the configuration, and what differs from one deployment to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from data.settings import DataConfig
from shortlist.config import ConfigModel
from shortlist.errors import ConfigError
from shortlist.home import Home

HOME_VARIABLE = "SHORTLIST_HOME"
EXPERIMENTS_VARIABLE = "SHORTLIST_EXPERIMENTS"
REDIS_VARIABLE = "SHORTLIST_REDIS_URL"
API_KEY_VARIABLE = "SHORTLIST_API_KEY"
CLOCK_VARIABLE = "SHORTLIST_CLOCK_SHIFT_SECONDS"
CONSOLE_KEY_VARIABLE = "SHORTLIST_CONSOLE_KEY"
CONFIG_VARIABLE = "SHORTLIST_SERVING"
DATA_VARIABLE = "SHORTLIST_DATA"

Table = TypeVar("Table", bound=ConfigModel)


class ServingConfig(ConfigModel):
    """The [serving] table of config/default.toml."""

    default_limit: int = Field(default=10, ge=1)
    max_limit: int = Field(default=100, ge=1, le=1000)
    max_offset: int = Field(default=400, ge=0, le=10_000)
    cache_ttl_seconds: int = Field(default=300, ge=0, le=86_400)
    cache_memory_bytes: int = Field(default=64 * 2**20, ge=0)
    redis_timeout_ms: float = Field(default=10.0, gt=0, le=1000)
    redis_max_connections: int = Field(default=64, ge=1, le=1000)
    breaker_failures: int = Field(default=5, ge=1)
    breaker_pause_seconds: float = Field(default=5.0, gt=0)
    cors_origins: tuple[str, ...] = ()
    reload_seconds: float = Field(default=1.0, ge=0, le=3600)
    deadline_ms: float = Field(default=200.0, ge=0, le=60_000)
    access_log: bool = True
    consent_default: bool = True
    exposure_share: float = Field(default=1.0, ge=0, le=1)

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Self:
        if self.default_limit > self.max_limit:
            raise ValueError(f"default_limit {self.default_limit} is above max_limit {self.max_limit}. Lower it.")
        return self


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """All that an application is made from.

    Attributes
    ----------
    experiments : Path or None
        The file of experiments; without one everybody is in ``control``.
    redis_url : str or None
        Where lists are cached; without one each worker caches in its own memory.
    api_key : str or None
        What ``X-API-Key`` must hold; without one every request is answered.
    console_key : str or None
        What ``X-Console-Key`` must hold on the routes that show single customers; without one there are none.
    data : DataConfig
        The rules that events are checked by.
    clock_shift_seconds : float
        What is added to the time of day for events that bring none: not 0 for a log that ended long ago.
    """

    home: Home
    config: ServingConfig = field(default_factory=ServingConfig)
    experiments: Path | None = None
    redis_url: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    console_key: str | None = field(default=None, repr=False)
    data: DataConfig = field(default_factory=DataConfig)
    clock_shift_seconds: float = 0.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the ``SHORTLIST_*`` variables, as a worker does that another process started.

        Raises
        ------
        ConfigError
            When a variable is empty where a value is needed, or ``SHORTLIST_SERVING`` is not a [serving] table in JSON.
        """
        experiments = environment.get(EXPERIMENTS_VARIABLE)
        return cls(
            home=Home(Path(environment.get(HOME_VARIABLE, "var"))),
            config=_read(CONFIG_VARIABLE, ServingConfig, environment),
            experiments=Path(experiments) if experiments else None,
            redis_url=environment.get(REDIS_VARIABLE) or None,
            api_key=read_api_key(environment),
            console_key=environment.get(CONSOLE_KEY_VARIABLE) or None,
            data=_read(DATA_VARIABLE, DataConfig, environment),
            clock_shift_seconds=float(environment.get(CLOCK_VARIABLE) or 0),
        )

    def to_environment(self) -> dict[str, str]:
        """The variables that `from_environment` reads these settings back from."""
        variables = {
            HOME_VARIABLE: str(self.home.root),
            CONFIG_VARIABLE: self.config.model_dump_json(),
            DATA_VARIABLE: self.data.model_dump_json(),
            EXPERIMENTS_VARIABLE: "" if self.experiments is None else str(self.experiments),
            REDIS_VARIABLE: self.redis_url or "",
            CLOCK_VARIABLE: str(self.clock_shift_seconds),
        }
        keys = {API_KEY_VARIABLE: self.api_key, CONSOLE_KEY_VARIABLE: self.console_key}
        return variables | {name: key for name, key in keys.items() if key is not None}


def read_api_key(environment: Mapping[str, str]) -> str | None:
    """The key that clients must send, None when the variable is not set. Raises ``ConfigError`` when it is blank."""
    key = environment.get(API_KEY_VARIABLE)
    if key is not None and not key.strip():
        raise ConfigError(f"{API_KEY_VARIABLE} is set but empty. Give it a value, or unset it to answer without a key.")
    return None if key is None else key.strip()  # a key read from a file ends with its newline


def _read(variable: str, model: type[Table], environment: Mapping[str, str]) -> Table:
    try:
        return model.model_validate_json(environment.get(variable, "{}"))
    except ValidationError as error:
        raise ConfigError(f"{variable}: not such a table in JSON: {error}") from error
