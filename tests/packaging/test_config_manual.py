"""config/default.toml is the manual: every setting, with its default."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from pipelines.settings import Config, read_config

MANUAL = Path(__file__).parents[2] / "config" / "default.toml"


def settings(model: BaseModel, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every key of a model that is no table, with its value."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from settings(value, (*path, name))
        else:
            yield (*path, name), value


def keys(table: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of a TOML table that is no table itself."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from keys(value, (*path, name))
        else:
            yield (*path, name)


def test_manual_holds_the_defaults() -> None:
    """The file, read as any configuration, is the configuration without a file."""
    assert read_config(MANUAL) == Config() == read_config(None)


def test_manual_names_every_setting() -> None:
    """Each key that has a default stands in the file, in its table, and nothing else does."""
    named = set(keys(tomllib.loads(MANUAL.read_text(encoding="utf-8"))))
    assert named == {path for path, value in settings(Config()) if value is not None}


def test_settings_without_a_default_are_shown_commented_out() -> None:
    """A key whose default is nothing stands in its table behind a hash, with a value that it could have."""
    lines = MANUAL.read_text(encoding="utf-8").splitlines()
    for path, value in settings(Config()):
        if value is None:
            start = lines.index(f"[{'.'.join(path[:-1])}]")
            table = lines[start : next((n for n in range(start + 1, len(lines)) if lines[n].startswith("[")), None)]
            (shown,) = [line for line in table if line.startswith(f"# {path[-1]} = ")]
            Config.model_validate(tomllib.loads("\n".join([lines[start], shown.removeprefix("# ")])))


def test_every_setting_is_explained() -> None:
    """Each key has words of its own: behind it, or in the comment right above it."""
    lines = MANUAL.read_text(encoding="utf-8").splitlines()
    silent, table = [], ""
    for number, line in enumerate(lines):
        table = line if line.startswith("[") else table
        name, equals, rest = line.partition(" = ")
        explained = table == "[event_weights]" or "#" in rest or lines[number - 1].startswith("#")
        if equals and not line.startswith("#") and not explained:
            silent.append((table, name))
    assert silent == []  # an event's name, in its table, says all there is to say
