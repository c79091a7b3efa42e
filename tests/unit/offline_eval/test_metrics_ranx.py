"""Metrics against another library's."""

import warnings

import numpy as np
import pytest

from offline_eval.metrics import metric_columns

KS = (1, 3, 10)


def _case(rng: np.random.Generator) -> tuple[list[int], set[int]]:
    """A list of up to 15 of 40 items, and up to 14 relevant ones."""
    found = rng.permutation(40)[: rng.integers(1, 16)].tolist()
    return found, set(rng.permutation(40)[: rng.integers(1, 15)].tolist())


@pytest.mark.slow
def test_metrics_agree_with_ranx() -> None:
    """For 60 random lists, short ones among them, every metric is what ranx computes."""
    rng = np.random.default_rng(7)
    cases = [_case(rng) for _ in range(60)]
    hits = np.zeros((len(cases), 15), dtype=np.bool_)
    for row, (found, relevant) in enumerate(cases):
        hits[row, : len(found)] = [item in relevant for item in found]
    columns = metric_columns(hits, np.array([len(relevant) for _, relevant in cases]), KS)
    theirs = _ranx_columns(cases, list(columns))
    for name, column in columns.items():
        np.testing.assert_allclose(column, theirs[name], atol=1e-12, err_msg=name)


def _ranx_columns(cases: list[tuple[list[int], set[int]]], names: list[str]) -> dict[str, np.ndarray]:
    """The same metrics by ranx."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports use what other libraries have deprecated; ours are none of its
        from ranx import Qrels, Run, evaluate
    keys = [f"q{number:02}" for number in range(len(cases))]
    qrels = Qrels({key: {str(item): 1 for item in cases[number][1]} for number, key in enumerate(keys)})
    run = Run(
        {
            key: {str(item): 1.0 / rank for rank, item in enumerate(cases[number][0], start=1)}
            for number, key in enumerate(keys)
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba warns of casts while it compiles ranx
        return evaluate(qrels, run, names, return_mean=False)
