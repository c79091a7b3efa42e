"""`shortlist ablate`."""

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from data.arrays.table_files import tables_of_work
from pipelines.ablation import ablate
from pipelines.evaluation import make_exam
from pipelines.exams import ProtocolChoice
from pipelines.moments import Moment
from pipelines.options import ManyValuesCommand, config_option, exits, home_option, json_option, print_json
from pipelines.settings import read_config
from ranking.compiling import keep_compiled
from shortlist.home import Home
from shortlist.progress import ConsoleReporter


@click.command("ablate", cls=ManyValuesCommand)
@click.option("--sources", multiple=True, help="Sources to leave out, one after the other; all without it.")
@click.option("--protocol", type=click.Choice(["auto", "time", "last", "holdout"]), default="auto", show_default=True)
@click.option("--test-days", type=click.FloatRange(min=0.01, max=36_500), help="Days tested, by time.  [default: 14]")
@click.option("--cut", type=Moment(), help="When the tested days begin; the last days of the events without it.")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), help="The folder for the rows.")
@home_option
@config_option
@json_option
@exits
def ablate_command(
    sources: tuple[str, ...],
    protocol: ProtocolChoice,
    test_days: float | None,
    cut: datetime | None,
    report: Path | None,
    home: Home,
    config_path: Path | None,
    *,
    as_json: bool,
) -> None:
    """Train without each candidate source in turn, and say what that changes.

    One training for each source: rows are kept in reports/ablation in the home, so that a run that was broken off goes
    on where it was.
    """
    config = read_config(config_path)
    reporter = ConsoleReporter()
    keep_compiled(home)
    with tables_of_work(home):
        exam, shop = make_exam(home, config, reporter, protocol, test_days, cut)
        found = ablate(shop, exam, config, sources, report or home.reports / "ablation", reporter)
    if as_json:
        print_json(found.to_dict())
    else:
        Console(highlight=False, width=None).print(found.table())
