"""`shortlist retrain`: what is new, judged, trained and published."""

from pathlib import Path

import click

from data.event_names import EVENT_NAMES
from data.events import Reading
from data.formats import FORMAT_NAMES
from pipelines.demo_home import refuse_demo
from pipelines.evaluation import TEST_DAYS
from pipelines.monitor_command import tell, webhook_option
from pipelines.monitoring import monitor
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.retraining import Retraining, retrain
from pipelines.schedule import INTERVALS, repeat
from pipelines.settings import Config, read_config
from shortlist.cluster import cluster
from shortlist.errors import ShortlistError
from shortlist.home import Home
from shortlist.progress import ConsoleReporter
from shortlist.registry import Registry


@click.command("retrain")
@click.option(
    "--watch",
    "watched",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder whose folders events, items and users hold the shop's exports; each file is imported once.",
)
@click.option("--format", "format_name", type=click.Choice(FORMAT_NAMES), default="auto", show_default=True)
@click.option("--event-type", type=click.Choice(sorted(set(EVENT_NAMES.values()))), help="Of rows that have none.")
@click.option(
    "--test-days",
    type=click.FloatRange(min=0, min_open=True),
    default=TEST_DAYS,
    show_default=True,
    help="The last days, on which the new recipe is judged.",
)
@click.option("--force", "is_forced", is_flag=True, help="Publish also what the gate refuses; a record is kept.")
@click.option(
    "--every",
    type=click.Choice(list(INTERVALS)),
    help="Now, and then again and again, until stopped; each time the newest day is monitored first.",
)
@webhook_option
@home_option
@config_option
@json_option
@exits
def retrain_command(
    watched: Path | None,
    format_name: str,
    event_type: str | None,
    test_days: float,
    every: str | None,
    webhook: str | None,
    home: Home,
    config_path: Path | None,
    *,
    is_forced: bool,
    as_json: bool,
) -> None:
    """Import what is new, judge the recipe on the last days, train it on everything, publish it unless it is worse.

    Worse than what serves, beyond noise: exit code 4, and the old model goes on. Broken off, it goes on where it was.
    """
    refuse_demo(home)
    config, given = read_config(config_path), Reading(format_name, event_type=event_type)

    def once() -> None:
        if every is not None:
            monitor_first(home, config, webhook)
        with cluster(config.spark):
            done = retrain(
                home,
                config,
                ConsoleReporter(),
                watched=watched,
                given=given,
                test_days=test_days,
                is_forced=is_forced,
            )
        print_json(done.model_dump(mode="json")) if as_json else _print(done)

    if every is None:
        once()
    else:
        repeat(once, INTERVALS[every], "retraining")


def monitor_first(home: Home, config: Config, webhook: str | None) -> None:
    """Look at the newest day before a model is trained on it; what keeps that from being done is said."""
    if Registry(home).current() is None:
        return
    try:
        report = monitor(home, config, ConsoleReporter())
    except ShortlistError as error:
        click.echo(f"shortlist: not monitored: {error}", err=True)
    else:
        click.echo(f"Monitored {report.day}: {report.status}. `shortlist monitor` says more.", err=True)
        tell(report, webhook)


def _print(done: Retraining) -> None:
    if done.imported:
        click.echo(f"Imported {len(done.imported)} file(s): {', '.join(done.imported)}")
    if done.verdict is not None:
        click.echo(" ".join([f"Verdict: {done.verdict.verdict}.", *done.verdict.reasons]))
        for one in done.verdict.comparisons:
            click.echo(
                f"  {one.measure}: {one.value:.4g}, {one.rival} {one.rival_value:.4g} "
                f"({one.difference:+.4g}, {one.low:+.4g} to {one.high:+.4g})"
            )
    click.echo(f"Published {done.version}. A running service takes it within seconds.")
