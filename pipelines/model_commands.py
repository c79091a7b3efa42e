"""`shortlist train`, `publish`, `rollback`, `versions` and `inspect`."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table

from pipelines.moments import Moment
from pipelines.options import config_option, exits, home_option, json_option, next_command, print_json
from pipelines.publishing import Published, publish, rollback
from pipelines.settings import read_config
from pipelines.training import train
from shortlist.bundle import open_bundle
from shortlist.cluster import cluster
from shortlist.home import Home
from shortlist.manifest import Manifest
from shortlist.progress import ConsoleReporter
from shortlist.registry import Registry


@click.command("train")
@click.option("--until", type=Moment(), help="Use only events before this time (ISO 8601, UTC without an offset).")
@home_option
@config_option
@json_option
@exits
def train_command(until: datetime | None, home: Home, config_path: Path | None, *, as_json: bool) -> None:
    """Make a new bundle from the stored events. It does not serve before `shortlist publish`."""
    config = read_config(config_path)
    with cluster(config.spark):
        manifest = train(home, config, ConsoleReporter(), until=until)
    if as_json:
        print_json(_summary(manifest, Registry(home).current()))
    else:
        if manifest.choices.ranker == "none":
            click.echo(f"Without a ranker: {manifest.choices.reason}. Stage one orders alone.")
        click.echo(f"Trained {manifest.version}. To serve it: {next_command(home, 'publish', manifest.version)}")


@click.command("publish")
@click.argument("version")
@click.option("--force", "is_forced", is_flag=True, help="Also what the gate refused; the home keeps a record of it.")
@home_option
@config_option
@json_option
@exits
def publish_command(version: str, home: Home, config_path: Path | None, *, is_forced: bool, as_json: bool) -> None:
    """Make VERSION (a version's name, `latest` or `current`) the serving one, once it is checked and makes a list."""
    _say_serving(publish(home, version, is_forced=is_forced), home, as_json=as_json)


@click.command("rollback")
@home_option
@config_option
@json_option
@exits
def rollback_command(home: Home, config_path: Path | None, *, as_json: bool) -> None:
    """Make the version that served before the current one serve again."""
    _say_serving(rollback(home), home, as_json=as_json)


@click.command("versions")
@home_option
@config_option
@json_option
@exits
def versions_command(home: Home, config_path: Path | None, *, as_json: bool) -> None:
    """List the bundles, oldest first."""
    registry = Registry(home)
    rows = [_summary(manifest, registry.current()) for manifest in registry.versions()]
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo(f"No bundle in {home.bundles}. Make one: {next_command(home, 'train')}")
    else:
        Console().print(_versions_table(rows))


@click.command("inspect")
@click.argument("version")
@home_option
@config_option
@json_option
@exits
def inspect_command(version: str, home: Home, config_path: Path | None, *, as_json: bool) -> None:
    """Check every file of VERSION and show its manifest."""
    registry = Registry(home)
    manifest = open_bundle(registry.folder(registry.resolve(version))).manifest
    if as_json:
        print_json(manifest.model_dump(mode="json"))
    else:
        _print_manifest(manifest, registry.current())


def _say_serving(published: Published, home: Home, *, as_json: bool) -> None:
    for warning in published.warnings():
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        print_json({"current": published.version, "scorer": published.scorer})
    else:
        click.echo(f"{published.version} is the serving version. A running service takes it within seconds.")
        click.echo(f"To serve it: {next_command(home, 'serve')}")


def _summary(manifest: Manifest, current: str | None) -> dict[str, Any]:
    return {
        "version": manifest.version,
        "created_at": manifest.created_at.isoformat(),
        "is_current": manifest.version == current,
        "n_events": manifest.data.n_events,
        "data_end": manifest.data.end.isoformat(),
        "ranker": manifest.choices.ranker,
        "metrics": manifest.metrics,
        "gate": manifest.gate.verdict,
        "size_bytes": sum(entry.size_bytes for entry in manifest.files.values()),
    }


def _versions_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(Column("version", no_wrap=True, overflow="ignore"), "data until", "events", "ranker", "MB")
    for row in rows:
        table.add_row(
            f"{row['version']}{' *' if row['is_current'] else ''}",
            row["data_end"][:10],
            f"{row['n_events']:,}",
            str(row["ranker"]),
            f"{row['size_bytes'] / 1e6:.1f}",
        )
    table.caption = "* serves; a version's name begins with when it was made (UTC)"
    return table


def _print_manifest(manifest: Manifest, current: str | None) -> None:
    console = Console(highlight=False)
    data = manifest.data
    console.print(
        f"[bold]{manifest.version}[/bold]{'  (serving)' if manifest.version == current else ''}: whole and sound"
    )
    facts = Table.grid(padding=(0, 2))
    facts.add_row("made", f"{manifest.created_at:%Y-%m-%d %H:%M:%S} UTC, commit {manifest.git_commit or 'unknown'}")
    facts.add_row("events", f"{data.n_events:,} of {data.n_users:,} users and {data.n_items:,} items")
    facts.add_row(
        "window", f"{data.start:%Y-%m-%d %H:%M} to {data.end:%Y-%m-%d %H:%M} UTC, fingerprint {data.fingerprint[:12]}"
    )
    facts.add_row("features", str(len(manifest.features)))
    for name, value in (manifest.choices.to_dict() | manifest.metrics).items():
        facts.add_row(name, str(value))
    facts.add_row("gate", ": ".join([manifest.gate.verdict, *manifest.gate.reasons]))
    console.print(facts)
    files = Table("file", "bytes", "dtype", "shape", "sha256")
    for name, entry in sorted(manifest.files.items()):
        shape = "" if entry.shape is None else " x ".join(map(str, entry.shape))
        files.add_row(name, f"{entry.size_bytes:,}", entry.dtype or "", shape, entry.sha256[:12])
    console.print(files)
