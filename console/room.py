"""The control room: what the home says of its days, versions, imports and experiments; and changing what serves."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from monitoring.reports import Report, read_reports
from shortlist.errors import BundleError
from shortlist.home import Home
from shortlist.manifest import Manifest, check_version_name
from shortlist.registry import Registry

MOST_DAYS: Final = 90
MIN_POINTS: Final = 2
MOST_ROWS: Final = 50
COMMAND_SECONDS: Final = 120.0

CHARTS: Final = {
    "events": "Events",
    "users": "Customers",
    "hit_rate": "Customers who took an item of their list",
    "coverage": "Share of the catalogue in lists",
    "diversity": "Distance of two items of a list",
    "novelty": "Novelty of listed items, bits",
    "gini": "Gini of how often items are listed",
    "repeats": "Listed items that the customer had",
}
"""What is drawn over the days: figures of a day, and values of findings by rule."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One line over the days that have a value: seconds since 1970, and values."""

    title: str
    days: str
    values: str
    newest: float


def days_of(home: Home) -> tuple[list[Report], list[Chart]]:
    """The newest monitored days, the newest first, and charts of them."""
    reports = read_reports(home, MOST_DAYS)
    charts = [chart for name, title in CHARTS.items() if (chart := _chart(reports, name, title)) is not None]
    return reports[::-1], charts


def _chart(reports: Sequence[Report], name: str, title: str) -> Chart | None:
    points = [(_seconds(report), value) for report in reports if (value := _value(report, name)) is not None]
    if not points:
        return None
    days, values = zip(*points, strict=True)
    return Chart(title, json.dumps(days), json.dumps(values), values[-1])


def _seconds(report: Report) -> float:
    return datetime(report.day.year, report.day.month, report.day.day, tzinfo=UTC).timestamp()


def _value(report: Report, name: str) -> float | None:
    found = next((one.value for one in report.findings if one.rule == name), None)
    return report.figures.get(name, found)


@dataclass(frozen=True, slots=True)
class Version:
    """A bundle that is there, and what it is to the shop: ``serves``, ``before`` or nothing."""

    manifest: Manifest
    role: str

    @property
    def ndcg(self) -> float | None:
        """What the gate measured of the recipe."""
        return next((one.value for one in self.manifest.gate.comparisons if one.measure == "ndcg"), None)


def versions_of(home: Home) -> list[Version]:
    """The bundles, the newest first."""
    registry = Registry(home)
    current = registry.current()
    try:
        previous: str | None = registry.previous()
    except BundleError:
        previous = None
    roles = {previous: "before", current: "serves"}
    return [Version(one, roles.get(one.version, "")) for one in registry.versions()[::-1][:MOST_ROWS]]


def quality_of(versions: Sequence[Version]) -> Chart | None:
    """NDCG@10 of the recipes that the gate judged, over the days on which they were made."""
    points = [(one.manifest.created_at.timestamp(), one.ndcg) for one in versions[::-1] if one.ndcg is not None]
    if len(points) < MIN_POINTS:
        return None
    days, values = zip(*points, strict=True)
    return Chart("NDCG@10 when it was judged", json.dumps(days), json.dumps(values), points[-1][1])


async def change_version(home: Home, form: Mapping[str, list[str]]) -> str:
    """Publish a version, or go back to the one before, by the command line.

    Returns
    -------
    str
        What the command said.

    Raises
    ------
    ValueError
        When the form asks for neither.
    """
    action, version = (form.get(name, [""])[0] for name in ("action", "version"))
    if action == "rollback":
        return await _run("rollback", home)
    if action != "publish":
        raise ValueError(f"there is no action {action!r}")
    try:
        return await _run("publish", home, check_version_name(version))
    except BundleError as error:
        raise ValueError(str(error)) from error


async def _run(command: str, home: Home, *arguments: str) -> str:
    program = str(Path(sys.executable).with_name("shortlist"))
    call = [program, command, *arguments, "--home", str(home.root)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*call, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    try:
        said, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    except TimeoutError:
        process.kill()
        return f"shortlist {command} took more than {COMMAND_SECONDS:.0f} s and was ended. Run it in a shell."
    return said.decode(errors="replace").strip()


def imports_of(home: Home) -> list[dict[str, Any]]:
    """The records of imports, the newest first; one that is damaged is passed over."""
    paths = sorted(home.imports.glob("*.json"), reverse=True)[:MOST_ROWS]
    return [one for path in paths if (one := _import_of(path)) is not None]


def _import_of(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_bytes())
        tables = {"events": record, "items": record["items"], "users": record["users"]}
        return {
            "id": path.stem,
            "at": str(record["imported_at"])[:16].replace("T", " "),
            "files": list(record.get("files", record["formats"])),
            "taken": {kind: int(table["accepted"]) for kind, table in tables.items() if table is not None},
            "aside": dict(_reasons(tables)),
            "warnings": [str(one) for one in record.get("warnings", [])],
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _reasons(tables: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for kind, table in tables.items():
        for reason, count in (table or {}).get("quarantined_by_reason", {}).items():
            yield f"{kind}: {str(reason).lower().replace('_', ' ')}", int(count)


def readouts_of(home: Home) -> list[dict[str, Any]]:
    """The read-outs of experiments, the newest first; one that is damaged is passed over."""
    found = sorted(home.reports.glob("experiment-*/readout.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [one for path in found[:MOST_ROWS] if (one := _readout_of(path)) is not None]


def _readout_of(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_bytes())
        wanted = ("experiment", "since", "until", "users", "blocked", "effects", "guardrails")
        return {name: content[name] for name in wanted}
    except (OSError, ValueError, KeyError, TypeError):
        return None
