"""What people read."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from offline_eval.evaluation import Comparison, Estimate, Evaluation, SystemResult
from offline_eval.page import render_page, write_report
from offline_eval.protocol import Segment, build_test_set
from offline_eval.report import comparison_sentence, render_markdown, render_table
from offline_eval.significance import PairedComparison

DAY = 86_400


def _result(name: str, segment: Segment, ndcg: float) -> SystemResult:
    metrics = {
        "ndcg@10": Estimate(ndcg, ndcg - 0.01, ndcg + 0.01),
        "precision@10": Estimate(0.2, 0.1, 0.3),
        "recall@10": Estimate(0.05 + ndcg / 10, 0.0, 0.1),
    }
    return SystemResult(name, segment, metrics, 2)


def _comparison(difference: float, p_value: float) -> Comparison:
    result = PairedComparison(difference, difference - 0.004, difference + 0.004, p_value)
    return Comparison("overall", "two_stage", "personal_frequency", "ndcg@10", result)


@pytest.fixture
def evaluation(make_interactions: Any) -> Evaluation:
    """Two systems, two segments with users and one without."""
    rows = [("ann", "tea", 1), ("ann", "tea", 11), ("bob", "tea", 1), ("bob", "tea", 12), ("cy", "tea", 12)]
    return Evaluation(
        k=10,
        test_set=build_test_set(make_interactions(rows), 10 * DAY, 24 * DAY),
        systems=(
            *(_result(name, "overall", ndcg) for name, ndcg in (("two_stage", 0.31), ("personal_frequency", 0.3))),
            *(_result(name, "repeat", ndcg) for name, ndcg in (("two_stage", 0.41), ("personal_frequency", 0.42))),
            *(SystemResult(name, "novel", {}, 0) for name in ("two_stage", "personal_frequency")),
        ),
        comparisons=(_comparison(0.01, 0.0001),),
        choices={"personal_frequency": {"half_life_days": 60}},
        note="The data are made up.",
    )


def _printed(evaluation: Evaluation) -> str:
    console = Console(width=140, record=True, force_terminal=True, color_system="standard")
    with console.capture() as capture:
        console.print(render_table(evaluation))
    return capture.get()


def test_terminal_shows_every_segment_and_the_best_in_bold(evaluation: Evaluation) -> None:
    """Three tables with their numbers of users; the best NDCG of a segment is bold and the other is not."""
    text = _printed(evaluation)
    assert "All items (2 users)" in text
    assert "\x1b[1m0.3100\x1b[0m" in text
    assert "\x1b[1m0.3000\x1b[0m" not in text
    assert "\x1b[1m0.4200\x1b[0m" in text
    assert "No user has a relevant item of this kind" in text
    assert "The data are made up." in text
    assert "1 users without a past were left out" in text


def test_markdown_holds_the_same_figures(evaluation: Evaluation) -> None:
    """The page has a row for each system and segment, the interval beside NDCG, the comparison and the choices."""
    page = render_markdown(evaluation)
    assert "| two_stage | **0.3100** (0.3000 to 0.3200) | **0.2000** | **0.0810** |" in page
    assert "| personal_frequency | 0.3000 (0.2900 to 0.3100) | **0.2000** | 0.0800 |" in page
    assert page.count("| two_stage |") == 2
    assert comparison_sentence(evaluation.comparisons[0]) in page
    assert '"half_life_days": 60' in page


@pytest.mark.parametrize(
    ("difference", "p_value", "words"),
    [
        (0.01, 0.0001, "better; chance alone would show as much less than 1 time in 1,000"),
        (0.01, 0.021, "better; chance alone would show as much 2.1 times in 100"),
        (-0.01, 0.021, "worse; chance alone would show as much 2.1 times in 100"),
        (0.01, 0.05, "no difference that could not be chance (p = 0.05)"),
        (-0.001, 0.7, "no difference that could not be chance (p = 0.70)"),
    ],
)
def test_comparison_claims_no_more_than_the_test_does(difference: float, p_value: float, words: str) -> None:
    """Better or worse is said only below p = .05, and the figures are always there."""
    sentence = comparison_sentence(_comparison(difference, p_value))
    assert words in sentence
    assert f"NDCG@10 differs by {difference:+.4f}, 95 % interval" in sentence


def test_report_files_replace_the_old_ones(evaluation: Evaluation, tmp_path: Path) -> None:
    """The folder is made when it is missing, holds three files and nothing else, and a second report takes over."""
    folder = tmp_path / "reports" / "v1"
    write_report(evaluation, folder)
    write_report(evaluation, folder)
    assert sorted(path.name for path in folder.iterdir()) == [f"evaluation.{kind}" for kind in ("html", "json", "md")]
    assert json.loads((folder / "evaluation.json").read_text(encoding="utf-8")) == evaluation.to_dict()
    assert (folder / "evaluation.md").read_text(encoding="utf-8") == render_markdown(evaluation)


def test_the_page_holds_the_same_figures_and_loads_nothing(evaluation: Evaluation) -> None:
    """Charts are drawn in the page; text of the data is text; no address of anywhere, no script."""
    hostile = replace(evaluation, note="<script>alert(1)</script>")
    page = render_page(hostile)
    assert page.count("<svg") >= 4
    assert "0.3100, 0.3000 to 0.3200" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert not re.search(r"https?://|src=|url\(|@import", page)
    assert comparison_sentence(evaluation.comparisons[0]) in html.unescape(page)
