"""`shortlist imports`: what was brought into a home, and when."""

from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Column, Table

from pipelines.options import config_option, exits, home_option, json_option, next_command, print_json
from shortlist.errors import DataError
from shortlist.home import Home


@click.command("imports")
@home_option
@config_option
@json_option
@exits
def imports_command(home: Home, config_path: object, *, as_json: bool) -> None:
    """List the imports of a home, the oldest first: when, from which files, and how many rows of each kind."""
    rows = read_imports(home)
    if as_json:
        print_json(rows)
    elif not rows:
        begin = next_command(home, "import", "--events", "FILE")
        click.echo(f"Nothing was imported into {home.root}. Begin with: {begin}")
    else:
        Console().print(_table(rows))
        click.echo(f"Whole records: {home.imports}/ID.json. Their events: {home.events}/date=*/ID.parquet.")


def read_imports(home: Home) -> list[dict[str, Any]]:
    """The imports that have a record, the oldest first: id, time, files, and rows taken and set aside.

    Raises
    ------
    DataError
        When a record is damaged.
    """
    return sorted((_summary(path.stem, path.read_bytes()) for path in home.imports.glob("*.json")), key=_order)


def _order(summary: dict[str, Any]) -> tuple[str, str]:
    return summary["imported_at"], summary["import_id"]


def _summary(import_id: str, content: bytes) -> dict[str, Any]:
    try:
        record = orjson.loads(content)
        kinds = {"events": record, "items": record["items"], "users": record["users"]}
        return {
            "import_id": import_id,
            "imported_at": record["imported_at"],
            "files": list(record.get("files", record["formats"])),
            **{f"n_{kind}": 0 if table is None else int(table["accepted"]) for kind, table in kinds.items()},
            "n_set_aside": sum(0 if table is None else int(table["quarantined"]) for table in kinds.values()),
            "first_timestamp": record["first_timestamp"],
            "last_timestamp": record["last_timestamp"],
        }
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError(f"imports/{import_id}.json is damaged ({error}). Delete it; no data depend on it.") from error


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(Column("import", no_wrap=True), "files", "events", "items", "users", "aside")
    for row in rows:
        counts = (f"{row[name]:,}" for name in ("n_events", "n_items", "n_users", "n_set_aside"))
        table.add_row(row["import_id"], "\n".join(row["files"]), *counts)
    return table
