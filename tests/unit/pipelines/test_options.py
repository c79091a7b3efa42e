"""Exit codes, repeated flags and moments."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pipelines.cli import COMMANDS, group
from pipelines.moments import Moment
from pipelines.options import ManyValuesCommand, exit_code, exits, next_command
from shortlist import errors
from shortlist.home import Home


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.ShortlistError, 1),
        (errors.StoreUnavailable, 1),
        (errors.RequestError, 1),
        (errors.ConfigError, 2),
        (errors.DataError, 3),
        (errors.DataRefused, 3),
        (errors.GateRefused, 4),
        (errors.BundleError, 5),
        (errors.BundleVersionError, 5),
        (errors.FeatureSchemaError, 5),
    ],
)
def test_each_error_has_its_exit_code(kind: type[errors.ShortlistError], code: int) -> None:
    """An error ends a command with its code and its message on standard error."""

    @click.command()
    @exits
    def command() -> None:
        raise kind("What, where, what to do.")

    result = CliRunner().invoke(command)
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", "shortlist: What, where, what to do.\n")
    assert exit_code(kind("x")) == code


def test_bugs_are_not_dressed_up() -> None:
    """An error that is nobody's input goes through as it is."""

    @click.command()
    @exits
    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(command, catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--events", "a", "b", "--events", "c"], (("a", "b", "c"), None)),
        (["--events=a", "b", "--home", "h"], (("a", "b"), "h")),
        (["--home", "h", "--events", "a", "b"], (("a", "b"), "h")),
        (["--events", "-", "b"], (("-", "b"), None)),
        ([], ((), None)),
    ],
)
def test_several_values_after_one_flag(arguments: list[str], wanted: object) -> None:
    """Each value after a repeatable flag belongs to it, and other options take one value as ever."""
    found = []

    @click.command(cls=ManyValuesCommand)
    @click.option("--events", multiple=True)
    @click.option("--home")
    def command(events: tuple[str, ...], home: str | None) -> None:
        found.append((events, home))

    result = CliRunner().invoke(command, arguments)
    assert (result.exit_code, found) == (0, [wanted])


PARTS = ("read", "plan")
"""Of the command `experiment`."""


def test_help_names_every_command() -> None:
    """The help page lists all commands in their order, and each has a page of its own."""
    page = CliRunner().invoke(group, ["--help"]).stdout
    names = [line.split()[0] for line in page.partition("Commands:")[2].splitlines() if line.strip()]
    assert names == list(COMMANDS)
    for name in [[name] for name in COMMANDS if name != "experiment"] + [["experiment", part] for part in PARTS]:
        result = CliRunner().invoke(group, [*name, "--help"])
        assert result.exit_code == 0
        assert ("--home" in result.stdout) == (name != ["size"])  # it asks nothing of a home


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2017-12-19", datetime(2017, 12, 19, tzinfo=UTC)),
        ("2017-12-19T08:00", datetime(2017, 12, 19, 8, tzinfo=UTC)),
        ("2017-12-19T08:00+01:00", datetime(2017, 12, 19, 8, tzinfo=timezone(timedelta(hours=1)))),
        ("2017-12-19T08:00Z", datetime(2017, 12, 19, 8, tzinfo=UTC)),
    ],
)
def test_moments(text: str, wanted: datetime) -> None:
    """A moment without an offset is in UTC."""
    assert Moment().convert(text, None, None) == wanted


@pytest.mark.parametrize("text", ["", "yesterday", "1513641600", "2017-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """A text that is no ISO 8601 time is a matter of usage."""
    with pytest.raises(click.BadParameter, match="ISO 8601"):
        Moment().convert(text, None, None)


def test_the_next_command_can_be_pasted(monkeypatch, tmp_path: Path) -> None:
    """The program is named as it was called, and the home where it is not the usual one."""
    monkeypatch.delenv("SHORTLIST_HOME", raising=False)
    program = tmp_path / ".venv" / "bin" / "shortlist"
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(program), "train"])
    assert next_command(Home(Path("var")), "publish", "v1") == ".venv/bin/shortlist publish v1"
    assert next_command(Home(Path("my shop")), "train") == ".venv/bin/shortlist train --home 'my shop'"
    monkeypatch.setenv("SHORTLIST_HOME", "my shop")
    monkeypatch.setattr("sys.argv", ["pytest"])
    assert next_command(Home(Path("my shop")), "train") == "shortlist train"
