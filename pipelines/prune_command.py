"""`shortlist prune`: bundles that nobody needs any more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from data.log.exposures import delete_exposures_before
from data.trimming import DeletedEvents, delete_events_before
from experiments.config import ExperimentsConfig, load_experiments
from pipelines.experiments_option import experiments_option
from pipelines.moments import Moment
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.pruning import prune
from pipelines.settings import read_config
from shortlist.home import Home


@click.command("prune")
@click.option("--dry-run", "is_tried", is_flag=True, help="Only say what would be deleted.")
@click.option(
    "--events-before", "before", type=Moment(), help="Also delete the events of all days (UTC) before this one."
)
@experiments_option
@home_option
@config_option
@json_option
@exits
def prune_command(
    experiments: Path | None,
    home: Home,
    config_path: Path | None,
    before: datetime | None,
    *,
    is_tried: bool,
    as_json: bool,
) -> None:
    """Delete old bundles, as [retention] says; never the serving one, the one before it, or an experiment's.

    Events stay unless --events-before is given; reports and records stay.
    """
    wanted = ExperimentsConfig() if experiments is None else load_experiments(experiments)
    done = prune(home, read_config(config_path).retention, wanted, datetime.now(UTC), is_tried=is_tried)
    day = None if before is None else before.astimezone(UTC).date()
    oldest = datetime.now(UTC).date() - timedelta(days=read_config(config_path).retention.keep_exposure_days)
    n_exposure_days = delete_exposures_before(home, oldest, is_tried=is_tried)
    events = DeletedEvents() if day is None else delete_events_before(home, day, is_tried=is_tried)
    if as_json:
        print_json(
            {
                "versions": list(done.versions),
                "size_bytes": done.size_bytes,
                "event_days": events.n_days,
                "event_bytes": events.size_bytes,
                "exposure_days": n_exposure_days,
                "dry_run": is_tried,
            }
        )
        return
    verb = "Would delete" if is_tried else "Deleted"
    names = f": {', '.join(done.versions)}" if done.versions else "."
    click.echo(f"{verb} {len(done.versions)} bundle(s), {done.size_bytes / 1e6:.1f} MB{names}")
    if n_exposure_days:
        click.echo(f"{verb} {n_exposure_days:,} day(s) of served lists.")
    if day is not None:
        click.echo(f"{verb} {events.n_days:,} day(s) of events, {events.size_bytes / 1e6:.1f} MB.")
