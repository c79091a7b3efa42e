"""`shortlist drain`."""

from dataclasses import asdict
from pathlib import Path

import click

from pipelines.draining import drain
from pipelines.options import config_option, exits, home_option, json_option, next_command, print_json
from pipelines.settings import read_config
from shortlist.home import Home
from shortlist.progress import ConsoleReporter


@click.command("drain")
@home_option
@config_option
@json_option
@exits
def drain_command(home: Home, config_path: Path | None, *, as_json: bool) -> None:
    """Bring what the service has taken into the home's files: events (POST /events), each of them once, and items.

    A service may run meanwhile. `retrain` does this first.
    """
    done = drain(home, read_config(config_path).data, ConsoleReporter())
    if as_json:
        print_json(asdict(done))
        return
    click.echo(f"Stored {done.n_stored:,} events of the journal; {done.n_set_aside:,} were known or excluded.")
    if done.n_items:
        click.echo(f"Changed {done.n_items:,} items of the catalogue.")
    if done.n_stored:
        click.echo(f"Next: {next_command(home, 'train')}")
