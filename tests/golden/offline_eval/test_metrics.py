"""Metrics against tables computed by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from offline_eval.metrics import ndcg_at_k, precision_at_k, recall_at_k

CASES = json.loads((Path(__file__).parent / "metrics.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"])
def test_metrics_are_those_computed_by_hand(case: dict[str, Any]) -> None:
    """Every metric is the figure of the table, to its six decimals."""
    hits = np.array([[mark == "x" for mark in case["hits"]]])
    n_relevant = np.array([case["n_relevant"]])
    assert precision_at_k(hits, case["k"])[0] == pytest.approx(case["precision"], abs=6e-7)
    assert recall_at_k(hits, n_relevant, case["k"])[0] == pytest.approx(case["recall"], abs=6e-7)
    assert ndcg_at_k(hits, n_relevant, case["k"])[0] == pytest.approx(case["ndcg"], abs=6e-7)
