"""What every subcommand shares: --home, --config, --json, the reporter, and how an error becomes an exit code."""

import functools
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pipelines.upkeep import tidy
from shortlist.errors import BundleError, ConfigError, DataError, GateRefused, ShortlistError
from shortlist.home import Home

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_CODES: tuple[tuple[type[ShortlistError], int], ...] = (
    (ConfigError, 2),
    (DataError, 3),
    (GateRefused, 4),
    (BundleError, 5),
    (ShortlistError, 1),
)
"""The one table of exit codes: 0 fine, 1 failure, 2 usage, 3 data refused, 4 gate refused, 5 bundle invalid."""


class ManyValuesCommand(click.Command):
    """A command without positional arguments whose repeatable options take several values after one flag.

    ``--events a.csv b.csv`` means ``--events a.csv --events b.csv``.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the flag before each further value."""
        flags = {
            flag
            for option in self.params
            if isinstance(option, click.Option) and option.multiple
            for flag in option.opts
        }
        return super().parse_args(ctx, _repeat_flags(args, flags))


def _repeat_flags(arguments: list[str], flags: set[str]) -> list[str]:
    repeated: list[str] = []
    flag, is_next_its_value = None, False
    for argument in arguments:
        if argument.startswith("-") and argument != "-":
            name, equals, _ = argument.partition("=")
            flag, is_next_its_value = (name if name in flags else None), not equals
        elif flag is not None and not is_next_its_value:
            repeated.append(flag)
        else:
            is_next_its_value = False
        repeated.append(argument)
    return repeated


def home_option(command: Command) -> Command:
    """Add --home, given to the command as `home`, a `Home` without what killed commands left in it."""
    return _home_option(command, "var")


def demo_home_option(command: Command) -> Command:
    """The same for the demonstration, whose home is another, so that no shop's events land among its households."""
    return _home_option(command, "var-demo")


def home_as_it_is_option(command: Command) -> Command:
    """The same for a command that only looks: what killed commands left stays."""
    return _home_option(command, "var", is_looked_at_only=True)


def _tidied(home: Home, *, is_looked_at_only: bool) -> Home:
    if not is_looked_at_only:
        tidy(home)
    return home


def _home_option(command: Command, default: str, *, is_looked_at_only: bool = False) -> Command:
    return click.option(
        "--home",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(default),
        envvar="SHORTLIST_HOME",
        show_default=True,
        show_envvar=True,
        callback=lambda _context, _parameter, root: _tidied(Home(root), is_looked_at_only=is_looked_at_only),
        help="The folder that holds events, bundles and reports.",
    )(command)


def config_option(command: Command) -> Command:
    """Add --config, given to the command as `config_path`, a path or None."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        envvar="SHORTLIST_CONFIG",
        show_envvar=True,
        help="A TOML file; what it leaves out keeps the defaults of config/default.toml.",
    )(command)


def json_option(command: Command) -> Command:
    """Add --json, given to the command as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")(command)


def exits(command: Command) -> Command:
    """Turn an error that is no bug into its message on standard error and its exit code."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except ShortlistError as error:
            click.echo(f"shortlist: {error}", err=True)
            sys.exit(exit_code(error))
        except OSError as error:  # a disk that is full, a folder that may not be read or written
            click.echo(f"shortlist: {error}. `shortlist doctor` looks at the disk and the home.", err=True)
            sys.exit(1)

    return run  # type: ignore[return-value]


def next_command(home: Home, *arguments: str) -> str:
    """A command of this program, with the home where it needs naming, to be pasted into a shell as it stands."""
    program = Path(sys.argv[0])
    name = "shortlist"
    if program.name == name and program.is_file() and shutil.which(name) != str(program):
        name = os.path.relpath(program) if program.is_relative_to(Path.cwd()) else str(program)
    is_usual = home.root == Path(os.environ.get("SHORTLIST_HOME", "var"))
    return shlex.join([name, *arguments, *(() if is_usual else ("--home", str(home.root)))])


def exit_code(error: ShortlistError) -> int:
    """The exit code of an error, from the table above."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def print_json(value: Any) -> None:
    """Print a result as indented JSON on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
