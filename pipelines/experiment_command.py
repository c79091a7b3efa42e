"""`shortlist experiment read` and `shortlist experiment plan`."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
import pandas as pd

from experiments.config import Experiment, ExperimentsConfig, load_experiments
from experiments.page import render_readout
from experiments.readout import METRICS, Metric, ReadOut, linearised, needed_users, read_out, sentences, users_of
from pipelines.experiments_option import experiments_option
from pipelines.moments import Moment
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.outcomes import read_outcomes, revenue_before, segments_of
from pipelines.settings import Config, read_config
from shortlist.atomic import replace_file
from shortlist.errors import ConfigError, DataError
from shortlist.home import Home

USUAL_DAYS: Final = 28


@click.group("experiment")
def experiment_command() -> None:
    """Read an experiment out, or plan one."""


@experiment_command.command("read")
@click.argument("name")
@click.option("--since", type=Moment(), required=True, help="When the experiment began: lists served from then on.")
@click.option("--until", type=Moment(), help="Lists served before then; now without it.")
@click.option("--segment", help="Read out parts, too: a column of the users' table, or bought_before.")
@click.option(
    "--report", type=click.Path(path_type=Path, file_okay=False), help="The folder for the page and its JSON."
)
@experiments_option
@home_option
@config_option
@json_option
@exits
def read_command(
    name: str,
    since: datetime,
    until: datetime | None,
    segment: str | None,
    report: Path | None,
    experiments: Path | None,
    home: Home,
    config_path: Path | None,
    *,
    as_json: bool,
) -> None:
    """Say what each variant of the experiment NAME changes, user by user.

    Testers who are named in the file are left out. Events that the service has taken count once `shortlist drain` has
    run. A page for the browser goes to reports/experiment-NAME in the home unless --report says otherwise.
    """
    trial, end = _experiment(experiments, name), until or datetime.now(UTC)
    outcomes = read_outcomes(home, read_config(config_path), since, end)
    users = users_of(outcomes, name, revenue_before(home, since, timedelta(days=USUAL_DAYS)))
    control = next(one.name for one in trial.variants if one.control)
    weights = {one.name: one.weight for one in trial.variants}
    found = read_out(name, users, weights, control, None if segment is None else segments_of(home, users, segment))
    content = {"since": since.isoformat(), "until": end.isoformat(), **asdict(found)}
    span = f"{since:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
    folder = report or home.reports / f"experiment-{name}"
    replace_file(folder / "readout.json", json.dumps(content, indent=2, ensure_ascii=False).encode())
    replace_file(folder / "readout.html", render_readout(found, span, control).encode())
    if as_json:
        print_json(content)
    else:
        _print(found, span)
        click.echo(f"For the browser: {folder / 'readout.html'}")


def _print(found: ReadOut, span: str) -> None:
    counts = ", ".join(f"{variant} {count:,}" for variant, count in found.users.items())
    click.echo(f"{found.experiment}, {span}; users: {counts}")
    if found.n_moved:
        click.echo(f"{found.n_moved:,} users were seen in several variants and are left out: was the file changed?")
    for sentence in sentences(found):
        click.echo(sentence)


@experiment_command.command("plan")
@click.argument("name")
@click.option("--metric", type=click.Choice([metric.name for metric in METRICS]), help="One; all without it.")
@click.option("--effect", type=click.FloatRange(0, min_open=True), default=0.05, show_default=True, help="Relative.")
@click.option(
    "--power", type=click.FloatRange(0.5, 0.99), default=0.8, show_default=True, help="How often it is found."
)
@experiments_option
@home_option
@config_option
@json_option
@exits
def plan_command(
    name: str,
    metric: str | None,
    effect: float,
    power: float,
    experiments: Path | None,
    home: Home,
    config_path: Path | None,
    *,
    as_json: bool,
) -> None:
    """Say how many users, and weeks, the experiment NAME needs to find an effect.

    Its smallest variant is compared with the control; what users do is taken from the lists of the last four weeks.
    """
    trial, users = _experiment(experiments, name), _users_lately(home, read_config(config_path))
    smallest = min(one.weight for one in trial.variants if not one.control)
    shares = (smallest, next(one.weight for one in trial.variants if one.control))
    wanted = [one for one in METRICS if metric in {None, one.name}]
    plans = [plan for one in wanted if (plan := _plan(users, one, effect, power, shares)) is not None]
    if not plans:
        raise DataError(f"{home.root}: nothing to plan with is above 0 so far. POST /events, then `shortlist drain`.")
    if as_json:
        print_json({"experiment": name, "users_seen": len(users), "effect": effect, "power": power, "metrics": plans})
        return
    click.echo(f"{name}: {len(users):,} users had lists in the last {USUAL_DAYS} days; to find {effect:+.1%} of")
    for plan in plans:
        weeks = plan["users"] / len(users) / trial.share * USUAL_DAYS / 7
        click.echo(f"  {plan['metric']} (now {plan['value']:.4g}): {plan['users']:,} users, about {weeks:.1f} weeks")
    click.echo(f"in {power:.0%} of cases. The weeks assume that users come as they did, and come anew.")


def _users_lately(home: Home, config: Config) -> pd.DataFrame:
    """The users of the last four weeks, as though one experiment held them all."""
    end = datetime.now(UTC)
    outcomes = read_outcomes(home, config, end - timedelta(days=USUAL_DAYS), end)
    users = users_of(outcomes.assign(assignments="plan:everybody"), "plan")
    if len(users) < 2:
        raise DataError(
            f"{home.root}: the lists of fewer than two users were noted. Let the service run for some days."
        )
    return users


def _plan(
    users: pd.DataFrame, metric: Metric, effect: float, power: float, shares: tuple[float, float]
) -> dict[str, Any] | None:
    """How many users in all find an effect on a metric; None of one that is 0 so far."""
    mean, values = linearised(users, metric)
    if mean <= 0:
        return None
    n_users = needed_users(mean, float(values.var(ddof=1)), effect, power, shares)
    return {"metric": metric.name, "value": mean, "users": n_users}


def _experiment(path: Path | None, name: str) -> Experiment:
    config = ExperimentsConfig() if path is None else load_experiments(path)
    found = next((one for one in config.experiments if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in config.experiments) or "none"
        raise ConfigError(
            f"experiment {name}: there is none of this name. --experiments names the file; it holds {known}."
        )
    return found
