"""`shortlist ablate`."""

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from data.catalog import read_items
from data.store import read_events
from pipelines.ablation import ablate
from pipelines.evaluation import make_exam
from pipelines.exams import ProtocolChoice
from pipelines.moments import Moment
from pipelines.options import ManyValuesCommand, config_option, exits, home_option, json_option, print_json
from pipelines.settings import read_config
from pipelines.strays import without_strays
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
    everything = without_strays(read_events(home), reporter) if cut is None else read_events(home)
    exam, shop = make_exam(home, everything, read_items(home), config, protocol, test_days, cut)
    folder = report or home.reports / "ablation"
    found = ablate(shop, exam, config, sources, folder, reporter)
    if as_json:
        print_json(found.to_dict())
    else:
        Console(highlight=False, width=None).print(found.table())
