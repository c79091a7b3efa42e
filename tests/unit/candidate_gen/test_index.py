"""The index: accepted only if measured good, and what it finds."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import faiss
import numpy as np
import pytest

from candidate_gen.index import BLOCK, FactorIndex, IndexConfig, build_index, open_index

N = 30


def factors(seed: int, n: int, d: int = 8) -> np.ndarray:
    """Random factors, float32."""
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def best(item_factors: np.ndarray, factor: np.ndarray, n: int, allowed: np.ndarray | None = None) -> list[int]:
    """The items of the largest inner product, by brute force."""
    scores = item_factors.astype(np.float64) @ factor
    if allowed is not None:
        scores[~allowed] = -np.inf
    return np.argsort(-scores, kind="stable")[:n].tolist()


def measured(item_factors: np.ndarray, users: np.ndarray, index: FactorIndex) -> float:
    """The mean share of the exact best that an index finds."""
    return float(np.mean([np.isin(best(item_factors, user, N), index.search(user, N)).mean() for user in users]))


def test_small_catalogues_are_exact() -> None:
    """Below the threshold the index is exact, and finds what brute force finds, in its order."""
    items, users = factors(1, 300), factors(2, 40)
    index, choice = build_index(items, users, N, IndexConfig())
    assert (choice.factory, choice.share_of_items, choice.recall) == ("Flat", 1.0, 1.0)
    for user in users:
        assert index.search(user, N).tolist() == best(items, user, N)


def test_head_is_taken_where_it_is_good_enough() -> None:
    """With norms that fall steeply a head of the items is enough; the recall stated is the one measured."""
    items = factors(3, 800) * (1.0 / np.arange(1, 801, dtype=np.float32) ** 1.5)[:, None]
    users = factors(4, 50)
    index, choice = build_index(items, users, N, IndexConfig(exact_below_items=10, cells_above_items=10**6))
    assert choice.share_of_items < 1
    assert len(index.items) == int(np.ceil(800 * choice.share_of_items))
    assert choice.recall >= 0.99
    assert choice.recall == pytest.approx(measured(items, users, index), abs=1e-9)


def test_exact_where_no_head_is_good_enough() -> None:
    """With equal norms no head finds enough, so the exact index is built."""
    items = factors(5, 800)
    items /= np.linalg.norm(items, axis=1, keepdims=True)
    index, choice = build_index(items, factors(6, 50), N, IndexConfig(exact_below_items=10, cells_above_items=10**6))
    assert (choice.factory, choice.share_of_items, choice.recall) == ("Flat", 1.0, 1.0)
    assert len(index.items) == 800


def test_nothing_approximate_without_users_to_measure_with() -> None:
    """An index that cannot be measured is exact."""
    index, choice = build_index(factors(7, 100), factors(8, 0), N, IndexConfig(exact_below_items=1))
    assert (choice.share_of_items, len(index.items)) == (1.0, 100)


@pytest.mark.slow
@pytest.mark.parametrize("min_recall", [0.0, 0.99, 1.0])
def test_cells_are_measured_too(min_recall: float) -> None:
    """An inverted file is taken only at the recall asked for, and with a filter it looks into every cell."""
    items, users = factors(9, 4_200, 4), factors(10, 30, 4)
    config = IndexConfig(exact_below_items=10, cells_above_items=100, min_recall=min_recall)
    index, choice = build_index(items, users, N, config)
    assert choice.recall == pytest.approx(measured(items, users, index), abs=1e-9) or choice.share_of_items == 1.0
    assert choice.recall >= min_recall
    assert min_recall > 0 or choice.factory.startswith("IVF")
    allowed = np.zeros(len(items), dtype=np.bool_)
    allowed[[3, 1_000, 4_100]] = True
    indexed = np.flatnonzero(allowed & np.isin(np.arange(len(items)), index.items))
    assert sorted(index.search(users[0], N, allowed).tolist()) == indexed.tolist()


def test_threshold_below_what_cells_need_is_no_crash() -> None:
    """A catalogue above the configured threshold, but too small for the cells, is searched some other way."""
    config = IndexConfig(exact_below_items=10, cells_above_items=100)
    index, choice = build_index(factors(11, 500), factors(12, 20), N, config)
    assert len(index.items) <= 500
    assert choice.recall >= 0.99


def test_filters_and_short_lists_are_never_padded() -> None:
    """Only allowed items come, as many as there are, whatever is asked for."""
    items, user = factors(13, 60), factors(14, 1)[0]
    index, _ = build_index(items, factors(15, 5), N, IndexConfig())
    assert sorted(index.search(user, 500).tolist()) == list(range(60))
    for n_allowed in (0, 1, 7, 59):
        allowed = np.random.default_rng(n_allowed).permutation(60) < n_allowed
        found = index.search(user, 20, allowed)
        assert found.tolist() == best(items, user, min(20, n_allowed), allowed)
    assert index.search(user, 0).shape == (0,)
    assert index.search(user, 5).dtype == np.int32


def test_index_comes_back_from_its_file(tmp_path: Path) -> None:
    """What was written finds, mapped, the same items in the same order."""
    items = factors(16, 200)
    index, _ = build_index(items, factors(17, 5), N, IndexConfig())
    (tmp_path / "index.faiss").write_bytes(index.to_bytes())
    mapped = open_index(tmp_path / "index.faiss", index.items, items)
    assert isinstance(mapped.index, faiss.Index)
    for user in factors(18, 10):
        assert mapped.search(user, N).tolist() == index.search(user, N).tolist()


def test_an_index_of_other_factors_is_refused(tmp_path: Path) -> None:
    """As many vectors as items, as long as their factors."""
    index, _ = build_index(factors(16, 200), factors(17, 5), N, IndexConfig())
    (tmp_path / "index.faiss").write_bytes(index.to_bytes())
    for items, other in ((index.items[:-1], factors(16, 200)), (index.items, factors(16, 200, 9))):
        with pytest.raises(ValueError, match="200 vectors of 8"):
            open_index(tmp_path / "index.faiss", items, other)


@pytest.mark.parametrize("order", ["by norm", "as the catalogue has them"])
@pytest.mark.parametrize("power", [0.0, 0.2, 1.0])
def test_blocks_find_what_a_whole_search_finds(order: str, power: float, tmp_path: Path) -> None:
    """However fast norms fall, and also in an index of before, whose items are not in the order of norms."""
    items = factors(22, 3 * BLOCK + 100, 4)
    falling = np.arange(1, len(items) + 1, dtype=np.float32) ** power
    items /= np.random.default_rng(1).permutation(falling)[:, None]
    if order == "by norm":
        index, _ = build_index(items, factors(23, 0, 4), N, IndexConfig())
    else:
        whole = faiss.IndexFlatIP(4)
        whole.add(items)
        faiss.write_index(whole, str(tmp_path / "index.faiss"))
        index = open_index(tmp_path / "index.faiss", np.arange(len(items), dtype=np.int32), items)
    for user in factors(24, 5, 4):
        for n in (1, N, BLOCK + 10):  # far down products are alike to the last bit that float32 has
            found, wanted = items[index.search(user, n)] @ user, items[best(items, user, n)] @ user
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_later_blocks_are_not_searched_where_norms_fall() -> None:
    """All of the best are in the first of four blocks."""
    items = factors(25, 4 * BLOCK, 4) / np.arange(1, 4 * BLOCK + 1, dtype=np.float32)[:, None]
    index, _ = build_index(items, factors(26, 0, 4), N, IndexConfig())
    seen = Mock(wraps=index.index.search)
    counted = replace(index, index=SimpleNamespace(search=seen))
    for user in factors(27, 10, 4):
        assert counted.search(user, N).tolist() == best(items, user, N)
    assert seen.call_count == 10


def test_no_item_is_no_crash() -> None:
    """An index of a catalogue without items finds nothing."""
    index, _ = build_index(factors(19, 0), factors(20, 3), N, IndexConfig())
    assert index.search(factors(21, 1)[0], 5).shape == (0,)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.3, 0.6, 0.99, 1.0])
def test_a_filter_leaves_the_best_of_what_it_allows(share: float) -> None:
    """Whether few or nearly all are allowed, those found are what brute force finds among them, and as many."""
    items, users = factors(11, 600), factors(12, 30)
    index, _ = build_index(items, users, N, IndexConfig())
    draw = np.random.default_rng(13)
    for user in users:
        allowed = draw.random(len(items)) < share
        wanted = best(items, user, N, allowed)[: int(allowed.sum())]
        assert index.search(user, N, allowed).tolist() == wanted
    best_first = np.array(best(items, users[0], 400))
    allowed = np.ones(len(items), dtype=np.bool_)
    allowed[best_first[:200]] = False  # what is left out is what a search would find first
    assert index.search(users[0], N, allowed).tolist() == best_first[200 : 200 + N].tolist()
