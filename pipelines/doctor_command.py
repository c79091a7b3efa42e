"""`shortlist doctor`: what could keep Shortlist from working here, each with its mend."""

import sys
from dataclasses import asdict

import click

from pipelines.options import config_option, exits, home_as_it_is_option, json_option, print_json
from pipelines.upkeep import examine_home
from shortlist.doctor import Finding, examine
from shortlist.home import Home


@click.command("doctor")
@click.option("--redis", "redis_url", envvar="SHORTLIST_REDIS_URL", show_envvar=True, help="redis://host:6379/0")
@home_as_it_is_option
@config_option
@json_option
@exits
def doctor_command(redis_url: str | None, home: Home, config_path: object, *, as_json: bool) -> None:
    """Look at Python, the libraries, name clashes, Redis, the disk and the home; say how to mend each.

    Exit code 1 when something is broken; a warning alone is no failure.
    """
    findings = [*examine(home, redis_url), *examine_home(home)]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            _print(finding)
    sys.exit(1 if any(finding.state == "broken" for finding in findings) else 0)


def _print(finding: Finding) -> None:
    colour = {"fine": "green", "warning": "yellow", "broken": "red"}[finding.state]
    click.echo(f"{click.style(f'{finding.state:8}', fg=colour)} {finding.subject}: {finding.found}")
    if finding.mend:
        click.echo(f"         mend: {finding.mend}")
