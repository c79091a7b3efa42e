"""`shortlist monitor`."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from monitoring.reports import Report
from monitoring.rules import SEVERITY, Finding, Status, retraining_asked
from pipelines.demo_home import refuse_demo
from pipelines.draining import drain
from pipelines.monitoring import monitor
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.retraining import retrain
from pipelines.schedule import INTERVALS, repeat
from pipelines.settings import Config, read_config
from pipelines.webhook import post
from shortlist.errors import ShortlistError
from shortlist.home import Home
from shortlist.progress import ConsoleReporter

MARKS: Final = {"alert": "ALERT", "warn": "warn ", "ok": "ok   ", "unknown": "-    "}


NAMES: Final[dict[Status, str]] = {
    "alert": "alerts",
    "warn": "warnings",
    "ok": "fine",
    "unknown": "without enough to compare",
}


webhook_option = click.option(
    "--webhook", envvar="SHORTLIST_WEBHOOK", show_envvar=True, help="An address that warnings and alerts are sent to."
)


@click.command("monitor")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day (UTC); the newest that is over without it.")
@click.option("--all", "shows_all", is_flag=True, help="Print also what is fine.")
@webhook_option
@click.option("--fail-on", type=click.Choice(["warn", "alert"]), help="Exit with 1 where the day is as bad as this.")
@click.option("--every", type=click.Choice(list(INTERVALS)), help="Now, and then again and again, until stopped.")
@home_option
@config_option
@json_option
@exits
def monitor_command(
    day: datetime | None,
    webhook: str | None,
    fail_on: str | None,
    every: str | None,
    home: Home,
    config_path: Path | None,
    *,
    shows_all: bool,
    as_json: bool,
) -> None:
    """Compare the newest day with what the model was trained on: events, catalogue, features, lists and their hits.

    Events that the service has taken are drained first. What is found is kept in monitoring/ in the home, for the
    console and /metrics. Rules and what starts a retraining: [monitoring] in the configuration.
    """
    config = read_config(config_path)

    def once() -> Report:
        drain(home, config.data, ConsoleReporter())
        report = monitor(home, config, ConsoleReporter(), day.date() if day else None)
        print_json(report_json(report)) if as_json else _print(report, shows_all=shows_all)
        act(home, config, report, webhook)
        return report

    if every is not None:
        repeat(once, INTERVALS[every], "monitoring")
    elif fail_on is not None:
        sys.exit(int(SEVERITY.index(once().status) >= SEVERITY.index(fail_on)))
    else:
        once()


def act(home: Home, config: Config, report: Report, webhook: str | None) -> None:
    """Tell whoever is to be told, and retrain where an alert says so."""
    tell(report, webhook)
    asked = retraining_asked(report.findings, config.monitoring)
    if asked:
        refuse_demo(home)
        click.echo(f"Retraining, as the rules {', '.join(asked)} say.", err=True)
        retrain(home, config, ConsoleReporter())


def tell(report: Report, webhook: str | None) -> None:
    """Send warnings and alerts to an address, if one is given; what keeps that from being done is said."""
    if webhook and report.not_fine():
        try:
            post(webhook, {"text": message(report), **report_json(report, report.not_fine())})
        except ShortlistError as error:
            click.echo(f"shortlist: {error}", err=True)


def message(report: Report) -> str:
    """A report in a few lines."""
    lines = [f"{report.day}: {report.status}"]
    return "\n".join([*lines, *(f"{MARKS[one.status].strip()} {one.sentence}" for one in report.not_fine())])


def report_json(report: Report, findings: list[Finding] | None = None) -> dict[str, object]:
    """A report with its status, and all of its findings or some."""
    content = report.model_dump(mode="json")
    if findings is not None:
        content["findings"] = [one.model_dump(mode="json") for one in findings]
    return {"status": report.status, **content}


def _print(report: Report, *, shows_all: bool) -> None:
    counts = {status: sum(one.status == status for one in report.findings) for status in SEVERITY}
    click.echo(f"{report.day}, {report.n_events:,} events, {report.n_served:,} served lists; beside {report.version}:")
    for one in report.findings if shows_all else report.not_fine():
        click.echo(f"  {MARKS[one.status]} {one.sentence}")
    found = ", ".join(f"{counts[status]} {name}" for status, name in NAMES.items())
    click.echo(f"{report.status}: {found}.")
    for note in report.notes:
        click.echo(note)
