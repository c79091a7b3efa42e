"""Files into the home: read, check, refuse or take, and write in one step.

What is new is decided under the import lock, against what the home holds then. An import that brings nothing new writes
nothing at all.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.batch import Counted
from data.catalog import stage_items, stage_users
from data.checking import Checked, Sources, check
from data.events import Reading
from data.planning import Plan, plan_import
from data.publication import Publication, import_lock, reading
from data.reasons import Reason
from data.report import ImportReport, TableReport, table_report
from data.settings import DataConfig
from data.single_items import supersede
from data.sources import read_sources
from data.store import stage_events
from shortlist.columns import ITEM_ID
from shortlist.config import dump_model
from shortlist.home import Home
from shortlist.progress import Reporter, SilentReporter


def read_files(
    events: Sequence[Path],
    items: Sequence[Path],
    users: Sequence[Path],
    reporter: Reporter,
    encoding: str | None = None,
) -> Sources:
    """Read the files of an import. Raises ``DataError`` for a file that cannot be read."""
    named = {"events": events, "items": items, "users": users}
    tables = {}
    for kind, paths in named.items():
        if paths:
            reporter.step(f"Reading {kind} from {', '.join(map(str, paths))}")
        tables[kind] = read_sources(paths, encoding)
    return Sources(**tables)


def import_tables(
    home: Home,
    sources: Sources,
    given: Reading,
    config: DataConfig,
    *,
    now: datetime,
    reporter: Reporter | None = None,
    is_newest: bool = True,
) -> ImportReport:
    """Check raw tables and write what is good and new into the home, all of it or nothing.

    Parameters
    ----------
    home : Home
        Created when there is none.
    sources : Sources
    given : Reading
        How to read the tables.
    config : DataConfig
    now : datetime
        The present, with a time zone: later timestamps are refused, and the import is named by it.
    reporter : Reporter, optional
    is_newest : bool
        Whether the items are newer than what the register says of them.

    Returns
    -------
    ImportReport

    Raises
    ------
    DataError
        When a table cannot be understood: a required column or a unit is missing.
    DataRefused
        When more than ``config.max_bad_share`` of the rows of a kind break the contract, or no row keeps it.
    StoreUnavailable
        When another import is running.
    """
    says = reporter or SilentReporter()
    checked = check(sources, given, config, now, says)
    with import_lock(home):
        plan = plan_import(home, checked, config, says)
        import_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}" if plan.changes else None
        report = report_of(checked, plan, import_id)
        if import_id is not None:
            write_import(home, checked, plan, report, config, now, says)
        if checked.items is not None and is_newest:
            supersede(home, None if checked.is_whole_catalog else checked.items.accepted[ITEM_ID])
    return report


def validate_tables(
    home: Home, sources: Sources, given: Reading, config: DataConfig, *, now: datetime, reporter: Reporter | None = None
) -> ImportReport:
    """What `import_tables` would say, errors included; changes nothing."""
    says = reporter or SilentReporter()
    checked = check(sources, given, config, now, says)
    with reading(home):
        return report_of(checked, plan_import(home, checked, config, says), None)


def report_of(checked: Checked, plan: Plan, import_id: str | None) -> ImportReport:
    """What an import took and set aside; `import_id` is None where it writes nothing."""
    nothing = {"n_users": 0, "n_items": 0, "event_types": {}, "cancels_matched": 0, "cancels_unmatched": 0}
    absent = dict.fromkeys(("unjoined_events", "unjoined_items", "first_timestamp", "last_timestamp"))
    warnings = [*checked.warnings, *plan.warnings]
    batches = (checked.events, checked.items, checked.users)
    warnings += [
        f"{batch.kind}: the files hold no rows." for batch in batches if batch is not None and not batch.n_rows
    ]
    if checked.events is not None and checked.events.n_rows and not checked.events.n_accepted:
        warnings.append("events: none is new; the reasons are listed.")
    return ImportReport(
        events=_table(checked.events),
        items=_table(checked.items),
        users=_table(checked.users),
        import_id=import_id,
        already_imported=import_id is None and not plan.changes and _holds_known_rows(checked),
        formats=checked.formats,
        lines=checked.lines,
        catalog=plan.catalog,
        warnings=warnings,
        **{**nothing, **absent, **plan.facts},  # type: ignore[arg-type]
    )


def _holds_known_rows(checked: Checked) -> bool:
    """Whether there is a good row at all, which then must have been known."""
    entities = [batch for batch in (checked.items, checked.users) if batch is not None]
    known = checked.events is not None and str(Reason.DUPLICATE) in checked.events.counts()
    return known or any(batch.n_accepted > 0 for batch in entities)


def _table(batch: Counted | None) -> TableReport | None:
    return None if batch is None else table_report(batch)


def write_import(
    home: Home,
    checked: Checked,
    plan: Plan,
    report: ImportReport,
    config: DataConfig,
    now: datetime,
    says: Reporter,
    publication: Publication | None = None,
) -> None:
    """Stage everything that is not staged yet and publish it; the import's record goes last."""
    import_id = str(report.import_id)
    publication = Publication(home, import_id) if publication is None else publication
    says.step("Writing")
    if plan.accepted is not None:
        stage_events(publication, plan.accepted, import_id)
    _stage_some(plan.items, lambda items: stage_items(publication, items))
    _stage_some(plan.users, lambda users: stage_users(publication, users))
    rejects = [batch.rejects() for batch in (checked.events, checked.items, checked.users) if batch is not None]
    rejected = pd.concat(rejects, ignore_index=True)
    if len(rejected):
        table = pa.Table.from_pandas(rejected, preserve_index=False)
        pq.write_table(table, publication.stage(home.rejects / f"{import_id}.parquet"))
    batches = (batch for batch in (checked.events, checked.items, checked.users) if batch is not None)
    files = list(dict.fromkeys(name for batch in batches for name in batch.files))
    record = {**report.to_json(), "imported_at": now.isoformat(), "files": files, "config": dump_model(config)}
    publication.stage(home.imports / f"{import_id}.json").write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2))
    publication.publish(says)


def _stage_some(rows: pd.DataFrame | None, stage: Callable[[pd.DataFrame], None]) -> None:
    if rows is not None:
        stage(rows)


def with_max_bad_share(config: DataConfig, share: float | None) -> DataConfig:
    """The configuration with another limit of bad rows, checked like one from a file."""
    return config if share is None else DataConfig.model_validate({**dump_model(config), "max_bad_share": share})
