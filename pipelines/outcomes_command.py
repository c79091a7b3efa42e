"""`shortlist outcomes`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click
import pandas as pd
from rich.console import Console
from rich.table import Table

from experiments.outcomes import summary_of
from pipelines.moments import Moment
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.outcomes import read_outcomes
from pipelines.settings import read_config
from shortlist.home import Home

PARTS: Final = ("variant", "version", "scenario", "source")
USUAL_DAYS: Final = 28


@click.command("outcomes")
@click.option("--since", type=Moment(), help=f"Lists served from then on; {USUAL_DAYS} days before --until without it.")
@click.option("--until", type=Moment(), help="Lists served before then; now without it.")
@click.option("--by", type=click.Choice(PARTS), default="variant", show_default=True, help="What the rows are.")
@home_option
@config_option
@json_option
@exits
def outcomes_command(
    since: datetime | None, until: datetime | None, by: str, home: Home, config_path: Path | None, *, as_json: bool
) -> None:
    """Say what became of the lists that were served: clicks, baskets, purchases and money.

    An event counts for the list that it names (recommendation_id), otherwise for the last list that showed the item to
    the user within [outcomes] attribution_hours. Events that the service has taken count once `shortlist drain` has
    run.
    """
    end = until or datetime.now(UTC)
    start = since or end - timedelta(days=USUAL_DAYS)
    found = summary_of(read_outcomes(home, read_config(config_path), start, end), by)
    if as_json:
        rows = found.astype(object).where(found.notna(), None).to_dict("index")
        print_json({"since": start.isoformat(), "until": end.isoformat(), "by": by, "rows": rows})
    elif found.empty:
        click.echo(f"No list was noted between {start:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M} UTC.")
    else:
        Console().print(_table(found, by))


def _table(found: pd.DataFrame, by: str) -> Table:
    table = Table(by, *(name.replace("_", " ") for name in found.columns), title="what became of served lists")
    for row in found.reset_index().to_dict("records"):
        name, *values = row.values()
        table.add_row(str(name), *(_cell(column, value) for column, value in zip(found.columns, values, strict=True)))
    return table


def _cell(column: str, value: float | None) -> str:
    if value is None or pd.isna(value):
        return ""
    if column in {"lists", "users"}:
        return f"{value:,.0f}"
    return f"{value:.2%}" if column.endswith("_rate") else f"{value:,.2f}"
