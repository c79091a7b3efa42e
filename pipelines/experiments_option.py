"""Which file of experiments a command means."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from serving.settings import EXPERIMENTS_VARIABLE

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_EXPERIMENTS: Final = Path("config/experiments.toml")


def experiments_option(command: Command) -> Command:
    """Add --experiments, given to the command as `experiments`, a path or None."""
    return click.option(
        "--experiments",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        envvar=EXPERIMENTS_VARIABLE,
        show_envvar=True,
        callback=lambda _context, _parameter, named: named or _default(),
        help=f"The file of experiments; without it {DEFAULT_EXPERIMENTS}, if it is there.",
    )(command)


def _default() -> Path | None:
    return DEFAULT_EXPERIMENTS if DEFAULT_EXPERIMENTS.is_file() else None
