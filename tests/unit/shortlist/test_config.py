"""Configuration files and the errors they give."""

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from shortlist.config import ConfigModel, dump_model, load_config
from shortlist.errors import ConfigError


class Inner(ConfigModel):
    factors: int = Field(default=64, ge=2)
    name: str = ""
    tags: tuple[str, ...] = ()


class Entry(ConfigModel):
    salt: str
    parts: tuple[Inner, ...] = ()


class Root(ConfigModel):
    seed: int = 1
    inner: Inner = Inner()
    entries: tuple[Entry, ...] = ()


def refusal(tmp_path: Path, text: str) -> list[str]:
    """The lines of the error that a file gives, without the file's name."""
    path = tmp_path / "shop.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, Root)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    """A file changes what it names and nothing else."""
    path = tmp_path / "shop.toml"
    path.write_text("[inner]\nfactors = 8\n")
    assert load_config(path, Root) == Root(inner=Inner(factors=8))


def test_models_are_frozen() -> None:
    """A configuration cannot be changed after it was read."""
    with pytest.raises(ValidationError, match="frozen"):
        Root().seed = 2


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("seed = 'x'\n", "1: seed: "),
        ("\n# note\n[inner]\nfactors = 1\n", "4: inner.factors: "),
        ("[inner]\nname = 'a'\nfactorz = 8\n", "3: inner.factorz: "),
        ("seed = 1\n[unknown]\na = 1\n", "2: unknown: "),
        ("inner.factors = 1\n", "1: inner.factors: "),
        ("seed = 2\ninner = { factors = 1 }\n", "2: inner.factors: "),
        ("[ inner ]  # note\n'factors' = 1\n", "2: inner.factors: "),
        ("[[entries]]\nsalt = 'a'\n[[entries]]\nsalt = 3\n", "4: entries.1.salt: "),
        ("[[entries]]\nsalt = 'a'\n\n[[entries]]\n", "4: entries.1.salt: "),
        (
            "[[entries]]\nsalt='a'\n[[entries]]\nsalt='b'\n[[entries.parts]]\n[[entries.parts]]\nfactors = 0\n",
            "7: entries.1.parts.1.factors: ",
        ),
        ("[inner]\ntags = [\n  'a',\n  3,\n]\n", "2: inner.tags.1: "),
        ('[inner]\nname = """\nfactors = 64\n"""\nfactors = 1\n', "5: inner.factors: "),
    ],
)
def test_error_names_the_line(tmp_path: Path, text: str, start: str) -> None:
    """A refused value or key is named with the line where it stands, or that of its table."""
    (line,) = refusal(tmp_path, text)
    assert line.startswith(start)


def test_every_mistake_is_named(tmp_path: Path) -> None:
    """All mistakes of a file come at once, one line each."""
    lines = refusal(tmp_path, "seed = 'x'\n[inner]\nfactors = 1\nwrong = 2\n")
    assert sorted(line.split(":")[0] for line in lines) == ["1", "3", "4"]


@pytest.mark.parametrize("content", [b"seed = \n", b"\xff\xfe", b"seed = 1\nseed = 2\n"])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is no TOML is a `ConfigError` with its name."""
    path = tmp_path / "shop.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"shop\.toml"):
        load_config(path, Root)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    """A path that is no file is a `ConfigError`."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_config(path, Root)


def test_dump_is_json_like() -> None:
    """A model is dumped as plain lists and numbers, from which the same model comes again."""
    dumped = dump_model(Root(inner=Inner(tags=("a",))))
    assert dumped["inner"] == {"factors": 64, "name": "", "tags": ["a"]}
    assert Root.model_validate(dumped) == Root(inner=Inner(tags=("a",)))
