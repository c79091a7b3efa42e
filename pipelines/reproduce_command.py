"""`shortlist reproduce`."""

import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from pipelines.options import exits, home_as_it_is_option, json_option, print_json
from pipelines.reproduction import Reproduction, reproduce
from shortlist.home import Home
from shortlist.progress import ConsoleReporter


@click.command("reproduce")
@click.argument("version", default="current")
@home_as_it_is_option
@json_option
@exits
def reproduce_command(version: str, home: Home, *, as_json: bool) -> None:
    """Make a bundle again from what its manifest says, and compare the two byte by byte; the home stays as it is.

    The exit code is 0 when they are the same, else 1; what has changed since then is said.
    """
    found = reproduce(home, version, ConsoleReporter())
    if as_json:
        print_json(asdict(found) | {"is_same": found.is_same})
    else:
        click.echo("\n".join(_lines(found)))
    sys.exit(0 if found.is_same else 1)


def _lines(found: Reproduction) -> Iterator[str]:
    if found.is_same:
        yield f"{found.version}: the same again, all {found.n_files} files bit for bit."
    else:
        names = ", ".join(found.different)
        yield f"{found.version}: {len(found.different)} of {found.n_files} files differ: {names}"
    yield from found.reasons
    if not found.is_same and not found.reasons:
        yield "Nothing that is known has changed: neither data, code, libraries nor processor."
