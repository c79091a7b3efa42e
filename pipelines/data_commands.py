"""`shortlist import` and `shortlist validate`."""

import codecs
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from data.dates import DATE_ORDERS, DateOrder
from data.event_names import EVENT_NAMES, squash
from data.events import Reading
from data.formats import FORMAT_NAMES
from data.importing import with_max_bad_share
from data.mapping import parse_map
from data.numbers import SIGNS, Decimal
from data.parsing import UNIT_MICROSECONDS
from data.reasons import Reason
from data.report import CatalogChanges, ImportReport, TableReport
from pipelines.demo_home import refuse_demo
from pipelines.intake import Files, take_files
from pipelines.options import (
    ManyValuesCommand,
    config_option,
    exits,
    home_option,
    json_option,
    next_command,
    print_json,
)
from pipelines.settings import read_config
from shortlist.home import Home
from shortlist.progress import ConsoleReporter

Command = TypeVar("Command", bound=Callable[..., Any])
_FILES = click.Path(path_type=Path, exists=True)


def _known_timezone(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # an unknown zone is a KeyError
        raise click.BadParameter(f"{name} is not a time zone such as Europe/London.") from error
    return name


def _known_event_type(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    if name is not None and squash(name) not in EVENT_NAMES:
        raise click.BadParameter(
            f"{name} is no event type. Canonical ones: {', '.join(sorted(set(EVENT_NAMES.values())))}."
        )
    return name


def _known_encoding(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    try:
        return None if name is None else codecs.lookup(name).name
    except LookupError as error:
        raise click.BadParameter(f"{name} is no encoding such as cp1252, latin-1 or utf-16.") from error


_SOURCE_OPTIONS = (
    click.option(
        "--events", type=_FILES, multiple=True, help="Files or folders of events: CSV, Parquet or JSON lines, .gz too."
    ),
    click.option("--items", type=_FILES, multiple=True, help="The catalogue, in the same kinds of file."),
    click.option("--users", type=_FILES, multiple=True, help="Users' attributes, in the same kinds of file."),
    click.option(
        "--format",
        "format_name",
        type=click.Choice(FORMAT_NAMES),
        default="auto",
        show_default=True,
        help="Whose column names the events have.",
    ),
    click.option(
        "--map",
        "pairs",
        multiple=True,
        metavar="CANONICAL=COLUMN",
        help="The file's column for a canonical one, in every table that has it: --map user_id=CustomerID.",
    ),
    click.option(
        "--timestamp-unit",
        type=click.Choice(list(UNIT_MICROSECONDS)),
        help="The unit of times that are given as numbers since 1970.",
    ),
    click.option(
        "--timezone",
        default="UTC",
        show_default=True,
        callback=_known_timezone,
        help="The zone of times without an offset, such as Europe/London.",
    ),
    click.option(
        "--event-type",
        callback=_known_event_type,
        help="The type of rows that have none, or of all where no column holds it.",
    ),
    click.option(
        "--replace",
        "is_whole_catalog",
        is_flag=True,
        help="The files of --items are the whole catalogue: other items are discontinued. Without it they are updates.",
    ),
    click.option(
        "--decimal",
        type=click.Choice(list(SIGNS)),
        help="The decimal sign of prices and quantities, where the file does not show it.",
    ),
    click.option(
        "--date-order",
        type=click.Choice(list(DATE_ORDERS)),
        help="Which stands first in dates such as 03/04/2024, where the file does not show it.",
    ),
    click.option(
        "--encoding",
        callback=_known_encoding,
        help="What text files that are not UTF-8 are written in, such as cp1252.",
    ),
    click.option(
        "--max-bad-share", type=click.FloatRange(0.0, 1.0), help="Share of bad rows above which nothing is imported."
    ),
)


def _source_options(command: Command) -> Command:
    for option in reversed(_SOURCE_OPTIONS):
        command = option(command)
    return command


@click.command("import", cls=ManyValuesCommand)
@_source_options
@home_option
@config_option
@json_option
@exits
def import_command(**options: Any) -> None:
    """Bring events, items and users into the home, checked row by row.

    A row that breaks the contract is set aside with a reason; over the allowed share nothing is imported (exit code 3).
    What is there already is recognised, so importing twice changes nothing.
    """
    _run("Imported", writes=True, **options)


@click.command("validate", cls=ManyValuesCommand)
@_source_options
@home_option
@config_option
@json_option
@exits
def validate_command(**options: Any) -> None:
    """Say what `shortlist import` would say with the same options; change nothing."""
    _run("Would import", writes=False, **options)


def _run(
    verb: str,
    *,
    writes: bool,
    home: Home,
    config_path: Path | None,
    as_json: bool,
    events: Sequence[Path],
    items: Sequence[Path],
    users: Sequence[Path],
    max_bad_share: float | None,
    encoding: str | None,
    **how: Any,
) -> None:
    if not events and not items and not users:
        raise click.UsageError("nothing to read: name files with --events, --items or --users.")
    if how["is_whole_catalog"] and not items:
        raise click.UsageError("--replace needs the whole catalogue: name its files with --items.")
    refuse_demo(home)
    config = with_max_bad_share(read_config(config_path).data, max_bad_share)
    given, reporter = _reading(**how), ConsoleReporter()
    report = take_files(home, Files(events, items, users), given, config, reporter, encoding=encoding, writes=writes)
    if as_json:
        print_json(report.to_json())
    else:
        click.echo("\n".join(_lines(report, verb, home)))
        if report.import_id is not None:
            click.echo(f"Next: {next_command(home, 'train')}")


def _reading(
    format_name: str,
    pairs: Sequence[str],
    timestamp_unit: str | None,
    timezone: str,
    event_type: str | None,
    decimal: Decimal | None,
    date_order: DateOrder | None,
    *,
    is_whole_catalog: bool,
) -> Reading:
    return Reading(
        format_name,
        parse_map(pairs),
        timestamp_unit,
        timezone,
        event_type,
        decimal,
        is_whole_catalog=is_whole_catalog,
        date_order=date_order,
    )


def _lines(report: ImportReport, verb: str, home: Home) -> Iterator[str]:
    """The report for people."""
    for name, format_name in report.formats.items():
        yield f"{name}: format {format_name}"
    for name, lines in report.lines.items():
        counts = f"{lines.records:,} records + {lines.within_cells:,} within quoted cells + {lines.blank:,} blank"
        yield f"{name}: {lines.physical:,} lines = {counts}"
    for kind, table in (("events", report.events), ("items", report.items), ("users", report.users)):
        if table is not None:
            yield from _table_lines(kind, table)
    if report.events is not None:
        yield from _event_lines(report)
    if report.catalog is not None:
        yield from _catalog_lines(report.catalog)
    yield from (f"Note: {warning}" for warning in report.warnings)
    yield _conclusion(report, verb, home)


def _table_lines(kind: str, table: TableReport) -> Iterator[str]:
    yield f"{kind}: {table.rows_read:,} rows read = {table.accepted:,} accepted + {table.quarantined:,} quarantined"
    examples = {example["reason"]: example for example in table.examples}
    for reason, count in table.quarantined_by_reason.items():
        example = examples[reason]
        values = ", ".join(f"{name}={value}" for name, value in example["values"].items())
        yield f"  {reason} {count:,}: {Reason(reason).hint}"
        yield f"    such as {example['file']}, row {example['row']}: {values}"


def _event_lines(report: ImportReport) -> Iterator[str]:
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in report.event_types.items()) or "none"
    yield f"New events: {kinds}; {report.n_users:,} users, {report.n_items:,} items"
    if report.first_timestamp is not None:
        yield f"From {report.first_timestamp} to {report.last_timestamp}"
    if report.cancels_matched or report.cancels_unmatched:
        yield (
            f"Cancels: {report.cancels_matched:,} take something from an earlier purchase, "
            f"{report.cancels_unmatched:,} find none and are without effect"
        )
    if report.unjoined_events is not None:
        yield (
            f"Unjoined: {report.unjoined_events:,} events of {report.unjoined_items:,} items that the catalogue lacks; "
            "they are kept"
        )


def _catalog_lines(catalog: CatalogChanges) -> Iterator[str]:
    yield f"Catalogue: {catalog.new:,} new items, {catalog.changed:,} changed, {catalog.discontinued:,} discontinued"
    if catalog.not_in_file and not catalog.discontinued:
        yield (
            f"{catalog.not_in_file:,} items of the catalogue are not in these files and stay as they are. If the files "
            "are the whole catalogue, --replace takes the others out of every list"
        )
    elif catalog.not_in_file:
        yield f"{catalog.not_in_file:,} items of the catalogue are not in these files"


def _conclusion(report: ImportReport, verb: str, home: Home) -> str:
    if report.already_imported:
        return "Everything is there already; nothing changes."
    if verb.startswith("Would"):
        return "Checked only: nothing was written."
    if report.import_id is None:
        return "Nothing was imported."
    rejects = home.rejects / f"{report.import_id}.parquet"
    where = f"; the rows set aside are in {rejects}" if rejects.exists() else ""
    return f"{verb} as {report.import_id} into {home.root}{where}"
