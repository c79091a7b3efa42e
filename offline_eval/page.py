"""An evaluation as files: the figures as JSON, a page of Markdown, and one for the browser that loads nothing."""

import json
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from offline_eval.evaluation import Evaluation, SystemResult
from offline_eval.protocol import SEGMENTS, Segment
from offline_eval.report import render_markdown, segment_sentences, segment_title, summary_sentences
from shortlist.atomic import replace_file

JSON_NAME: Final = "evaluation.json"
MARKDOWN_NAME: Final = "evaluation.md"
PAGE_NAME: Final = "evaluation.html"

MOST_SYSTEMS: Final = 4
"""In tables of cohorts: the reference and the best of the others."""

CHART_WIDTH: Final = 200.0

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """Write ``evaluation.json``, ``.md`` and ``.html`` into a folder, each replaced in one step."""
    content = json.dumps(evaluation.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    replace_file(folder / JSON_NAME, content.encode())
    replace_file(folder / MARKDOWN_NAME, render_markdown(evaluation).encode())
    replace_file(folder / PAGE_NAME, render_page(evaluation).encode())


def render_page(evaluation: Evaluation) -> str:
    """The page as HTML; the reference of the comparisons stands out."""
    report, reference = evaluation.to_dict(), evaluation.reference
    cohorts = report["cohorts"] or {"items": [], "categories": []}
    return _TEMPLATES.get_template("evaluation.html").render(
        report=report,
        k=evaluation.k,
        cut=report["protocol"]["cut"][:10],
        reference=reference,
        shown=_shown(evaluation, reference),
        summary=summary_sentences(evaluation),
        segments=[_segment(evaluation, segment, reference) for segment in SEGMENTS],
        item_tables=[("With which items", cohorts["items"]), ("By category", cohorts["categories"])],
        choices=json.dumps(evaluation.choices, indent=2, ensure_ascii=False),
        place=_place,
    )


def _segment(evaluation: Evaluation, segment: Segment, reference: str) -> dict[str, Any]:
    rows = [_row(one, evaluation.k, reference) for one in _results(evaluation, segment)]
    return {
        "title": segment_title(evaluation, segment),
        "sentences": segment_sentences(evaluation, segment),
        "rows": rows,
        "most": max((row["ndcg"].high for row in rows), default=1.0) or 1.0,
    }


def _row(result: SystemResult, k: int, reference: str) -> dict[str, Any]:
    figures = {name: result.metrics[f"{name}@{k}"] for name in ("ndcg", "precision", "recall")}
    return {"name": result.name, "is_ours": result.name == reference, **figures}


def _results(evaluation: Evaluation, segment: Segment) -> list[SystemResult]:
    """The systems of a segment, the best first."""
    found = [one for one in evaluation.systems if one.segment == segment and one.n_users]
    return sorted(found, key=lambda one: -one.metrics[f"ndcg@{evaluation.k}"].mean)


def _shown(evaluation: Evaluation, reference: str) -> list[str]:
    best = [one.name for one in _results(evaluation, "overall") if one.name != reference]
    return [reference, *best[: MOST_SYSTEMS - 1]]


def _place(value: float, most: float) -> str:
    """Where a value lies on a chart."""
    return f"{CHART_WIDTH * min(max(value / most, 0.0), 1.0):.1f}"
