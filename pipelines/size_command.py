"""`shortlist size`: what a shop of a size takes."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Column, Table

from pipelines.options import config_option, exits, json_option, print_json
from pipelines.settings import read_config
from pipelines.sizing import BUSY_SHARE, EVENTS_PER_USER, GIGABYTE, Size, size_of


@click.command("size")
@click.option("--users", "n_users", type=click.IntRange(min=1), required=True, help="Customers with an event.")
@click.option("--items", "n_items", type=click.IntRange(min=1), required=True, help="Items of the catalogue.")
@click.option("--rate", type=click.FloatRange(min=0), required=True, help="Lists asked for in a second, at the most.")
@click.option(
    "--events",
    "n_events",
    type=click.IntRange(min=1),
    help=f"Events that are kept.  [default: {EVENTS_PER_USER} a user]",
)
@config_option
@json_option
@exits
def size_command(
    n_users: int, n_items: int, rate: float, n_events: int | None, config_path: Path | None, *, as_json: bool
) -> None:
    """Compute memory, disk and cores of a shop, from what shops of four sizes took.

    Cores are those of docs/performance.md, and nothing is taken from the cache: yours may need a half or double.
    """
    n_events = n_events or EVENTS_PER_USER * n_users
    found = size_of(n_users, n_items, n_events, rate, read_config(config_path))
    if as_json:
        print_json({"users": n_users, "items": n_items, "events": n_events, "rate": rate, **found.to_dict()})
    else:
        Console(highlight=False).print(_table(found, n_events, rate))


def _table(found: Size, n_events: int, rate: float) -> Table:
    table = Table("what", Column("takes", justify="right"), "how", title=f"{n_events:,} events", title_justify="left")
    table.add_row("disk: events", _gigabytes(found.stored), "")
    table.add_row("disk: each bundle", _gigabytes(found.bundle), "")
    table.add_row("disk: while it works", _gigabytes(found.work_disk), "an import of all events, or a training")
    table.add_row("memory: import", _gigabytes(found.import_memory), _minutes(found.import_seconds))
    table.add_row("memory: training", _gigabytes(found.training_memory), _minutes(found.training_seconds))
    table.add_row("memory: service", _gigabytes(found.shared_memory), "shared by all workers")
    table.add_row("memory: a worker", _gigabytes(found.worker_memory), "its own")
    table.add_row("cores: service", str(found.cores), f"{rate:g} lists a second, busy {BUSY_SHARE:.0%} of the time")
    return table


def _gigabytes(size: float) -> str:
    return f"{size / GIGABYTE:,.1f} GB"


def _minutes(seconds: float) -> str:
    return f"about {max(round(seconds / 60), 1):,} min on one core"
