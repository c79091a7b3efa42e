"""`shortlist evaluate`."""

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from data.arrays.table_files import tables_of_work
from offline_eval.evaluation import Evaluation
from offline_eval.page import MARKDOWN_NAME, PAGE_NAME, write_report
from offline_eval.report import render_table
from pipelines.evaluation import evaluate_home
from pipelines.exams import ProtocolChoice
from pipelines.moments import Moment
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.settings import read_config
from shortlist.home import Home
from shortlist.progress import ConsoleReporter
from shortlist.room import Need, require_room


@click.command("evaluate")
@click.option(
    "--protocol",
    type=click.Choice(["auto", "time", "last", "holdout"]),
    default="auto",
    show_default=True,
    help="What is tested: the last days, each user's last event, or a share held out; auto measures the log.",
)
@click.option("--test-days", type=click.FloatRange(min=0.01, max=36_500), help="Days tested, by time.  [default: 14]")
@click.option("--cut", type=Moment(), help="When the tested days begin; the last days of the events without it.")
@click.option("--k", "ks", type=click.IntRange(1, 1_000), multiple=True, default=(10,), help="Cut-off; repeatable.")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), help="The folder for the report.")
@home_option
@config_option
@json_option
@exits
def evaluate_command(
    protocol: ProtocolChoice,
    test_days: float | None,
    cut: datetime | None,
    ks: tuple[int, ...],
    report: Path | None,
    home: Home,
    config_path: Path | None,
    *,
    as_json: bool,
) -> None:
    """Train on the past only, test on what came then, with baselines beside both stages.

    The bundles in the home are not touched. The report goes to reports/ in the home unless --report says otherwise.
    """
    require_room(report or home.reports, Need(), "an evaluation")
    with tables_of_work(home):
        evaluation = evaluate_home(
            home, read_config(config_path), ConsoleReporter(), protocol=protocol, test_days=test_days, cut=cut, ks=ks
        )
    folder = report or home.reports / f"cut-{evaluation.to_dict()['protocol']['cut'][:10]}"
    write_report(evaluation, folder)
    if as_json:
        print_json(evaluation.to_dict())
    else:
        show_evaluation(evaluation, folder)


def show_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Print the tables, and where the report is."""
    Console(highlight=False, width=None).print(render_table(evaluation))
    click.echo(f"\nReport: {folder / MARKDOWN_NAME}")
    click.echo(f"For the browser: {folder / PAGE_NAME}")
