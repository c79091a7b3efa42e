"""`shortlist profile`: where the time of a request goes."""

import logging
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Column, Table

from monitoring.logs import ACCESS_LOGGER
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.profiling import Profile, profile_requests
from serving.service import load_service
from serving.settings import ServiceSettings, ServingConfig
from shortlist.errors import DataError
from shortlist.home import Home


@click.command("profile")
@click.option("--version", default="current", show_default=True, help="A version's name, `latest` or `current`.")
@click.option("--requests", "n_requests", type=click.IntRange(1, 100_000), default=500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Draws the users.")
@home_option
@config_option
@json_option
@exits
def profile_command(
    version: str, n_requests: int, seed: int, home: Home, config_path: object, *, as_json: bool
) -> None:
    """Ask a bundle for lists, uncached and in this process, and print where each microsecond goes."""
    settings = ServiceSettings(home, ServingConfig(cache_ttl_seconds=0))
    service = load_service(settings, version)
    if not len(service.current.table.users):
        raise DataError(f"{service.current.version}: knows no user to ask for. Train on more events.")
    logging.getLogger(ACCESS_LOGGER).setLevel(logging.WARNING)
    found = profile_requests(service, settings, n_requests, seed)
    if as_json:
        print_json(asdict(found))
    else:
        _print(found)


def _print(found: Profile) -> None:
    whole = sum(step.microseconds for step in found.steps)
    table = Table("step", *(Column(name, justify="right") for name in ("calls", "microseconds", "share")))
    for step in found.steps:
        table.add_row(step.name, f"{step.calls:.1f}", f"{step.microseconds:.1f}", f"{step.microseconds / whole:.1%}")
    table.add_section()
    table.add_row("a request, its steps timed (mean)", "", f"{whole:.1f}", "100.0%")
    table.add_row("a request, untimed (median)", "", f"{found.request_microseconds:.1f}", "")
    console = Console(highlight=False)
    console.print(f"{found.version}: {found.n_requests:,} requests without a cache; what sockets cost comes on top")
    console.print(table)
