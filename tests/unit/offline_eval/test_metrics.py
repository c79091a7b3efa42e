"""What metrics refuse, and their names."""

import numpy as np
import pytest

from offline_eval.metrics import metric_columns, ndcg_at_k, precision_at_k, recall_at_k

HITS = np.array([[True, False, False], [False, False, True]])
N_RELEVANT = np.array([1, 4])


@pytest.mark.parametrize("k", [0, -1, 4])
def test_cut_off_outside_the_lists_is_refused(k: int) -> None:
    """A cut-off below 1, or deeper than the lists were made, is an error and not a smaller figure."""
    with pytest.raises(ValueError, match=f"k is {k}"):
        precision_at_k(HITS, k)
    with pytest.raises(ValueError, match=f"k is {k}"):
        ndcg_at_k(HITS, N_RELEVANT, k)


def test_user_without_relevant_items_is_refused() -> None:
    """Recall and NDCG of a user without a relevant item do not exist."""
    with pytest.raises(ValueError, match="leave such users out"):
        recall_at_k(HITS, np.array([1, 0]), 3)
    with pytest.raises(ValueError, match="leave such users out"):
        ndcg_at_k(HITS, np.array([0, 4]), 3)


def test_columns_are_named_by_metric_and_cut_off() -> None:
    """Each metric at each cut-off has a column of one float64 for each user."""
    columns = metric_columns(HITS, N_RELEVANT, (3, 1))
    assert set(columns) == {f"{metric}@{k}" for metric in ("ndcg", "precision", "recall") for k in (1, 3)}
    assert all(column.dtype == np.float64 and column.shape == (2,) for column in columns.values())
    assert columns["recall@3"].tolist() == [1.0, 0.25]
    assert columns["precision@1"].tolist() == [1.0, 0.0]
