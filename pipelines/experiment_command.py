"""`shortlist experiment read` and `shortlist experiment plan`."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from experiments.config import Experiment, ExperimentsConfig, load_experiments
from experiments.readout import METRICS, linearised, needed_users, read_out, sentences, users_of
from pipelines.experiments_option import experiments_option
from pipelines.moments import Moment
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.outcomes import read_outcomes, revenue_before
from pipelines.settings import read_config
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
@experiments_option
@home_option
@config_option
@json_option
@exits
def read_command(
    name: str,
    since: datetime,
    until: datetime | None,
    experiments: Path | None,
    home: Home,
    config_path: Path | None,
    *,
    as_json: bool,
) -> None:
    """Say what each variant of the experiment NAME changes, user by user.

    Testers who are named in the file are left out. Events that the service has taken count once `shortlist drain` has
    run.
    """
    trial, end = _experiment(experiments, name), until or datetime.now(UTC)
    outcomes = read_outcomes(home, read_config(config_path).outcomes, since, end)
    users = users_of(outcomes, name, revenue_before(home, since, timedelta(days=USUAL_DAYS)))
    control = next(one.name for one in trial.variants if one.control)
    found = read_out(name, users, {one.name: one.weight for one in trial.variants}, control)
    if as_json:
        print_json({"since": since.isoformat(), "until": end.isoformat(), **asdict(found)})
        return
    counts = ", ".join(f"{variant} {count:,}" for variant, count in found.users.items())
    click.echo(f"{name}, {since:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC; users: {counts}")
    if found.n_moved:
        click.echo(f"{found.n_moved:,} users were seen in several variants and are left out: was the file changed?")
    for sentence in sentences(found):
        click.echo(sentence)


@experiment_command.command("plan")
@click.argument("metric", type=click.Choice([metric.name for metric in METRICS]))
@click.option("--effect", type=click.FloatRange(0, min_open=True), default=0.05, show_default=True, help="Relative.")
@click.option(
    "--power", type=click.FloatRange(0.5, 0.99), default=0.8, show_default=True, help="How often it is found."
)
@home_option
@config_option
@json_option
@exits
def plan_command(
    metric: str, effect: float, power: float, home: Home, config_path: Path | None, *, as_json: bool
) -> None:
    """Say how many users of each variant an effect on METRIC needs, from the lists of the last four weeks."""
    end = datetime.now(UTC)
    outcomes = read_outcomes(home, read_config(config_path).outcomes, end - timedelta(days=USUAL_DAYS), end)
    users = users_of(outcomes.assign(assignments="plan:everybody"), "plan")
    if len(users) < 2:
        raise DataError(
            f"{home.root}: the lists of fewer than two users were noted. Let the service run for some days."
        )
    mean, values = linearised(users, next(one for one in METRICS if one.name == metric))
    if mean <= 0:
        raise DataError(f"{home.root}: {metric} is 0 so far. Send events (POST /events), then `shortlist drain`.")
    n_users = needed_users(mean, float(values.var(ddof=1)), effect, power)
    if as_json:
        print_json({"metric": metric, "value": mean, "users_seen": len(users), "users_per_variant": n_users})
        return
    click.echo(f"{metric} is {mean:.4g} over {len(users):,} users of the last {USUAL_DAYS} days.")
    click.echo(f"To find {effect:+.1%} of it in {power:.0%} of cases: {n_users:,} users of each variant.")


def _experiment(path: Path | None, name: str) -> Experiment:
    config = ExperimentsConfig() if path is None else load_experiments(path)
    found = next((one for one in config.experiments if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in config.experiments) or "none"
        raise ConfigError(
            f"experiment {name}: there is none of this name. --experiments names the file; it holds {known}."
        )
    return found
