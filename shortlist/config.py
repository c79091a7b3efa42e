"""TOML in, frozen pydantic models out, and errors that name the file, the line and the remedy."""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shortlist.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_LONG_QUOTES = ('"""', "'''")
_PART = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"^\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=\s*(.*)$")


class ConfigModel(BaseModel):
    """Base of every configuration model: frozen, and a key that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def load_config(path: Path, model: type[Model]) -> Model:
    """Read a TOML file into a model.

    Raises
    ------
    ConfigError
        When the file cannot be read, is not TOML, or holds a value that the model refuses. The message names the
        file, the line and the reason, one line for each mistake.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return model.model_validate(tomllib.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}. Name an existing TOML file.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from error
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(path, text, error))) from error


def _explain(path: Path, text: str, error: ValidationError) -> list[str]:
    """One line for each mistake: file, line, key, reason."""
    lines = _key_lines(text)
    messages = []
    for mistake in error.errors(include_url=False):
        location = tuple(str(part) for part in mistake["loc"])
        reason = mistake["msg"].removeprefix("Value error, ")
        messages.append(f"{path}:{_line_of(location, lines)}: {'.'.join(location) or 'file'}: {reason}")
    return messages


def _line_of(location: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> int:
    """The line of a key, or of the nearest table that should hold it."""
    while location and location not in lines:
        location = location[:-1]
    return lines.get(location, 1)


def _key_lines(text: str) -> dict[tuple[str, ...], int]:
    """Map every table and key of a TOML text to its line, array tables numbered as pydantic numbers them."""
    lines: dict[tuple[str, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    quotes = ""  # those of a value that goes over several lines
    for number, line in enumerate(text.splitlines(), start=1):
        if quotes:
            quotes = "" if quotes in line else quotes
        elif header := _HEADER.match(line):
            table = _table_path(header[2], header[1] == "[[", counts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_split_key(key[1])), number)
            quotes = next((mark for mark in _LONG_QUOTES if key[2].count(mark) == 1), "")
    return lines


def _table_path(name: str, is_array: bool, counts: dict[tuple[str, ...], int]) -> tuple[str, ...]:
    """The full path of a table header, with the index of each array table on the way."""
    path: tuple[str, ...] = ()
    parts = _split_key(name)
    for depth, part in enumerate(parts):
        path = (*path, part)
        if is_array and depth == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, str(counts[path]))
    return path


def _split_key(key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))


def dump_model(model: BaseModel) -> dict[str, Any]:
    """A model as JSON-like data, for manifests and hashes."""
    return model.model_dump(mode="json")
