"""An evaluation for people: tables on a terminal, and a page of Markdown."""

import json
from collections.abc import Callable, Iterable
from typing import Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from offline_eval.candidate_recall import CandidateRecall
from offline_eval.evaluation import Comparison, Evaluation, SystemResult, iso_time
from offline_eval.list_figures import ListFigures
from offline_eval.protocol import SEGMENTS, Segment
from offline_eval.significance import Estimate

SIGNIFICANCE_LEVEL: Final = 0.05

Rows = list[list[str]]
"""A header, and what stands below it."""

TITLES: Final[dict[Segment, str]] = {
    "overall": "All items",
    "repeat": "Repeat: items that the user already knew",
    "novel": "Novel: items new to the user",
}


def render_table(evaluation: Evaluation) -> Group:
    """A table for each segment, the comparison in words below each; to be printed on a rich console."""
    parts: list[Table | Text] = [Text(line) for line in summary_sentences(evaluation)]
    for segment in SEGMENTS:
        parts += [Text(""), _segment_table(evaluation, segment)]
        parts += [Text(sentence) for sentence in segment_sentences(evaluation, segment)]
    for title, rows in _further_tables(evaluation):
        parts += [Text(""), _printed(title, rows)]
    return Group(*parts)


def render_markdown(evaluation: Evaluation) -> str:
    """The same as a page of Markdown."""
    lines = ["# Evaluation", "", *_paragraphs(summary_sentences(evaluation))]
    for segment in SEGMENTS:
        lines += [f"## {segment_title(evaluation, segment)}", "", *_table(_rows(evaluation, segment, _bold)), ""]
        lines += _paragraphs(segment_sentences(evaluation, segment))
    for title, rows in _further_tables(evaluation):
        lines += [f"## {title}", "", *_table(rows), ""]
    if evaluation.choices:
        chosen = json.dumps(evaluation.choices, indent=2, ensure_ascii=False)
        lines += ["## What was chosen", "", "```json", chosen, "```", ""]
    return "\n".join(lines)


def comparison_sentence(comparison: Comparison) -> str:
    """Whether the reference beats the best baseline, for somebody who sells things."""
    result = comparison.result
    versus = f"{comparison.reference} against {comparison.baseline}, the best of the simpler methods"
    if result.p_value >= SIGNIFICANCE_LEVEL:
        verdict = f"no difference that could not be chance (p = {result.p_value:.2f})"
    else:
        chance = "less than 1 time in 1,000" if result.p_value < 0.001 else f"{result.p_value * 100:.1f} times in 100"
        verdict = f"{'better' if result.difference > 0 else 'worse'}; chance alone would show as much {chance}"
    figures = f"{result.difference:+.4f}, 95 % interval {result.low:+.4f} to {result.high:+.4f}"
    return f"{versus}: {verdict}. {metric_title(comparison.metric)} differs by {figures}."


def metric_title(metric: str) -> str:
    """``ndcg@10`` as people write it."""
    name, _, k = metric.partition("@")
    return f"{'NDCG' if name == 'ndcg' else name.capitalize()}@{k}"


def summary_sentences(evaluation: Evaluation) -> list[str]:
    """What was tested, in sentences."""
    tests = evaluation.test_set
    shown = evaluation.to_dict()["protocol"]
    drawn = f", drawn from {tests.n_users_eligible:,}" if tests.n_users_eligible > len(tests) else ""
    how = {
        "time": f"Trained on what happened before {iso_time(tests.cut)}; tested on the {shown['test_days']:g} days "
        "from then.",
        "last": "Trained without each user's last target event, and tested on it; later events of others were known.",
        "holdout": "Trained without a share of each user's items, drawn at random, and tested on these.",
    }
    lines = [
        how[tests.protocol],
        f"{len(tests):,} users{drawn}, {len(tests.item_idx):,} relevant items, of which their users already knew "
        f"{shown['relevant_repeat_share']:.0%}; {tests.n_users_without_history:,} users without a past were left out.",
    ]
    return [*lines, evaluation.note] if evaluation.note else lines


def segment_sentences(evaluation: Evaluation, segment: Segment) -> list[str]:
    """The comparison of a segment, or why there is none."""
    compared = [comparison_sentence(one) for one in evaluation.comparisons if one.segment == segment]
    if _n_users(evaluation, segment):
        return compared
    return ["No user has a relevant item of this kind, so there is nothing to score."]


def _further_tables(evaluation: Evaluation) -> Iterable[tuple[str, Rows]]:
    """What the lists are like, and what they were made from, where that was measured."""
    if evaluation.lists:
        yield f"The lists of {evaluation.k}", _list_rows(evaluation.lists)
    if evaluation.candidates is not None:
        yield "Relevant items among the candidates", _candidate_rows(evaluation.candidates)


def _list_rows(figures: Iterable[ListFigures]) -> Rows:
    header = ["System", "Coverage", "Gini", "Novelty (bits)", "Diversity in a list", "Repeats", "Revenue per user"]
    return [header, *(_list_cells(one) for one in figures)]


def _list_cells(one: ListFigures) -> list[str]:
    revenue = (
        "-" if one.revenue is None else f"{one.revenue.mean:.2f} ({one.revenue.low:.2f} to {one.revenue.high:.2f})"
    )
    shares = f"{one.coverage:.1%}", f"{one.gini:.3f}", f"{one.novelty:.2f}", f"{one.diversity:.3f}"
    return [one.name, *shares, f"{one.repeat_share:.1%}", revenue]


def _candidate_rows(candidates: CandidateRecall) -> Rows:
    whole = ["all together", f"{candidates.recall:.1%}", "", f"{candidates.n_candidates:.0f}"]
    parts = (
        [one.name, f"{one.recall:.1%}", f"{one.only:.1%}", f"{one.n_candidates:.0f}"] for one in candidates.sources
    )
    return [["Source", "Recall", "Found by it alone", "Candidates"], whole, *parts]


def _segment_table(evaluation: Evaluation, segment: Segment) -> Table:
    return _printed(segment_title(evaluation, segment), _rows(evaluation, segment, lambda text: f"[bold]{text}[/bold]"))


def _printed(title: str, rows: Rows) -> Table:
    header, *body = rows
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(header):
        table.add_column(column, justify="right" if number else "left", no_wrap=not number)
    for name, *cells in body:
        table.add_row(Text(name), *cells)
    return table


def _rows(evaluation: Evaluation, segment: Segment, emphasise: Callable[[str], str]) -> Rows:
    """The header, and a row for each system; the best of a column stands out."""
    metrics = [f"{name}@{evaluation.k}" for name in ("ndcg", "precision", "recall")]
    header = ["System", f"{metric_title(metrics[0])} (95 % interval)", *map(metric_title, metrics[1:])]
    results = [result for result in evaluation.systems if result.segment == segment and result.n_users]
    best = {metric: max((result.metrics[metric].mean for result in results), default=0.0) for metric in metrics}
    return [header, *([result.name, *_cells(result, metrics, best, emphasise)] for result in results)]


def _cells(
    result: SystemResult, metrics: list[str], best: dict[str, float], emphasise: Callable[[str], str]
) -> Iterable[str]:
    """A system's figures, the interval beside the first."""
    for number, metric in enumerate(metrics):
        estimate = result.metrics[metric]
        text = f"{estimate.mean:.4f}"
        text = emphasise(text) if estimate.mean == best[metric] > 0 else text
        yield text if number else f"{text} ({_interval(estimate)})"


def _interval(estimate: Estimate) -> str:
    return f"{estimate.low:.4f} to {estimate.high:.4f}"


def segment_title(evaluation: Evaluation, segment: Segment) -> str:
    """A segment in words, with its number of users."""
    return f"{TITLES[segment]} ({_n_users(evaluation, segment):,} users)"


def _n_users(evaluation: Evaluation, segment: Segment) -> int:
    return next(result.n_users for result in evaluation.systems if result.segment == segment)


def _bold(text: str) -> str:
    return f"**{text}**"


def _table(rows: Rows) -> list[str]:
    """A Markdown table."""
    header, *body = rows
    return [_line(header), _line(["---", *["---:"] * (len(header) - 1)]), *map(_line, body)]


def _line(cells: Iterable[str]) -> str:
    """One row of a Markdown table."""
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _paragraphs(sentences: Iterable[str]) -> list[str]:
    return [line for sentence in sentences for line in (sentence, "")]
