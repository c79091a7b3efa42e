"""What the home says of the serving bundle and of the newest evaluation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shortlist.errors import BundleError
from shortlist.home import Home
from shortlist.manifest import Manifest, read_manifest

REPORT = "evaluation.json"


@dataclass(frozen=True, slots=True)
class SystemFigure:
    """A system's NDCG with its 95 % interval, and whether it is the one that serves."""

    name: str
    mean: float
    low: float
    high: float
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The newest evaluation: what it was measured on, at which cut-off, and every system, the best first."""

    name: str
    k: int
    n_users: int
    systems: tuple[SystemFigure, ...]
    note: str | None


def manifest_of(home: Home, version: str) -> Manifest | None:
    """The manifest of a version, None where the home has none that can be read."""
    try:
        return read_manifest(home.bundles / version)
    except BundleError:
        return None


def newest_report(home: Home) -> Report | None:
    """The report that was written last, None where there is none that can be read."""
    found = sorted(home.reports.glob(f"*/{REPORT}"), key=lambda path: path.stat().st_mtime)
    for path in reversed(found):
        try:
            return _report(path.parent.name, json.loads(path.read_bytes()))
        except (ValueError, KeyError, TypeError, OSError):
            continue
    return None


def _report(name: str, content: Mapping[str, Any]) -> Report:
    k, overall = int(content["protocol"]["k"]), [one for one in content["systems"] if one["segment"] == "overall"]
    figures = [_figure(one, one["metrics"][f"ndcg@{k}"]) for one in overall]
    ranked = tuple(sorted(figures, key=lambda one: -one.mean))
    return Report(name, k, int(content["protocol"]["n_users"]), ranked, content.get("note"))


def _figure(system: Mapping[str, Any], ndcg: Mapping[str, float]) -> SystemFigure:
    return SystemFigure(system["name"], ndcg["mean"], ndcg["low"], ndcg["high"], system["name"] == "two_stage")
