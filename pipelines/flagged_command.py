"""`shortlist flagged`: accounts whose views and clicks no person makes."""

from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Column, Table

from data.integrity import flagged_accounts, habits_of_log
from data.log.scan import sorted_log
from data.store import has_events, no_events
from pipelines.options import config_option, exits, home_option, json_option, print_json
from pipelines.settings import read_config
from shortlist.home import Home

MOST_SHOWN: Final = 50


@click.command("flagged")
@home_option
@config_option
@json_option
@exits
def flagged_command(home: Home, config_path: Path | None, *, as_json: bool) -> None:
    """Name the accounts whose views and clicks are more than persons make, and are left out of trainings and read-outs.

    The rules: [integrity] in the configuration. Accounts that are no customers at all: excluded_users in [data].
    """
    if not has_events(home):
        raise no_events(home)
    config = read_config(config_path).integrity
    with sorted_log(home) as log:
        found = flagged_accounts(log.batches(), config, habits_of_log(log, config))
    rows = [
        {**row, "first": row["first"].isoformat(), "last": row["last"].isoformat()} for row in found.to_dict("records")
    ]
    if as_json:
        print_json({"accounts": rows})
    elif not rows:
        click.echo("No account breaks a rule.")
    else:
        table = Table("user", "rule", Column("events", justify="right"), "first", "last")
        for row in rows[:MOST_SHOWN]:
            cells = [row["user_id"], row["rule"].replace("_", " "), f"{row['events']:,}"]
            table.add_row(*cells, row["first"][:19], row["last"][:19])
        Console().print(table)
        click.echo(f"{len(rows):,} accounts, {int(found['events'].sum()):,} events.")
