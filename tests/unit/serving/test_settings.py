"""How settings are read, handed to workers, and refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from serving.settings import ServiceSettings, ServingConfig, read_api_key
from shortlist.errors import ConfigError
from shortlist.home import Home


def test_a_worker_reads_back_what_the_command_line_wrote() -> None:
    """Settings survive the way through environment variables unchanged."""
    settings = ServiceSettings(
        Home(Path("shop")), ServingConfig(max_limit=50), Path("e.toml"), "redis://:secret@host:6379/0", "key"
    )
    assert ServiceSettings.from_environment(settings.to_environment()) == settings


def test_settings_without_options_survive_too() -> None:
    """What is not set stays not set."""
    settings = ServiceSettings(Home(Path("var")))
    assert ServiceSettings.from_environment(settings.to_environment()) == settings


def test_an_empty_environment_gives_the_defaults() -> None:
    """Without variables the home is var and everything else as shipped."""
    assert ServiceSettings.from_environment({}) == ServiceSettings(Home(Path("var")))


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_api_key_is_refused(blank: str) -> None:
    """A key that is set but empty is a mistake, not an open door."""
    with pytest.raises(ConfigError, match="SHORTLIST_API_KEY"):
        read_api_key({"SHORTLIST_API_KEY": blank})


def test_secrets_are_not_shown() -> None:
    """Neither the key nor the Redis password is in the settings' text."""
    settings = ServiceSettings(Home(Path("var")), redis_url="redis://:hush@host", api_key="secret-key")
    assert "hush" not in repr(settings)
    assert "secret-key" not in repr(settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"default_limit": 0},
        {"default_limit": 101},
        {"max_limit": 1001},
        {"max_offset": -1},
        {"cache_ttl_seconds": -1},
        {"redis_timeout_ms": 0},
        {"breaker_failures": 0},
        {"unknown": 1},
    ],
)
def test_values_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    """A value that the manual does not allow is refused, never clamped."""
    with pytest.raises(ValidationError):
        ServingConfig.model_validate(wrong)


def test_a_variable_that_is_not_the_table_is_refused() -> None:
    """A worker that gets nonsense says which variable is wrong."""
    with pytest.raises(ConfigError, match="SHORTLIST_SERVING"):
        ServiceSettings.from_environment({"SHORTLIST_SERVING": "{"})


def test_a_key_is_read_without_the_newline_of_its_file() -> None:
    """``SHORTLIST_API_KEY=$(cat key)`` and an environment file differ in nothing."""
    assert read_api_key({"SHORTLIST_API_KEY": "sesame\n"}) == "sesame"
