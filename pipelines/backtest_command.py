"""`shortlist backtest`."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from offline_eval.backtest import Backtest
from pipelines.backtesting import RESULT_NAME, backtest
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.settings import read_config
from shortlist.home import Home
from shortlist.progress import ConsoleReporter


@click.command("backtest")
@click.option("--cuts", type=click.IntRange(1, 52), default=3, show_default=True, help="How many windows are tested.")
@click.option("--seeds", type=click.IntRange(1, 20), default=2, show_default=True, help="How many on the newest one.")
@click.option("--test-days", type=click.FloatRange(min=0.01), default=14, show_default=True, help="Days of a window.")
@click.option("--k", type=click.IntRange(1, 1_000), default=10, show_default=True, help="Cut-off.")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), help="The folder for the runs.")
@home_option
@config_option
@json_option
@exits
def backtest_command(
    cuts: int,
    seeds: int,
    test_days: float,
    k: int,
    report: Path | None,
    home: Home,
    config_path: Path | None,
    *,
    as_json: bool,
) -> None:
    """Evaluate at several cuts, one window behind the other, and say what moves from cut to cut and from seed to seed.

    One evaluation for each: runs are kept in reports/backtest in the home, so that what was broken off goes on where it
    was.
    """
    folder = report or home.reports / "backtest"
    found = backtest(
        home,
        read_config(config_path),
        ConsoleReporter(),
        n_cuts=cuts,
        n_seeds=seeds,
        test_days=test_days,
        folder=folder,
        k=k,
    )
    if as_json:
        print_json(found.to_dict())
        return
    Console(highlight=False).print(_table(found))
    better, same, worse = found.wins()
    click.echo(f"Against the best of the simpler methods: {better} cuts better, {same} no different, {worse} worse.")
    click.echo(f"\nReport: {folder / RESULT_NAME}")


def _table(found: Backtest) -> Table:
    table = Table("system", "mean", "least", "most", "between cuts", "between seeds", title=f"NDCG@{found.k} over cuts")
    for one in found.summary():
        spread = ("-" if value is None else f"{value:.4f}" for value in (one.between_cuts, one.between_seeds))
        table.add_row(one.name, f"{one.mean:.4f}", f"{one.least:.4f}", f"{one.most:.4f}", *spread)
    table.caption = "standard deviations of one system's figure"
    return table
