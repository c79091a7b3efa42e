"""Trees laid out for the kernel, from the text of a LightGBM model, and proven to say what LightGBM says."""

from dataclasses import dataclass
from typing import Any, Final, Self

import lightgbm
import numpy as np
import numpy.typing as npt

from ranking.model_text import Tree, parse_trees
from ranking.trees import score_trees

MAX_LEAVES: Final = 64
"""A leaf is a bit of one machine word."""

ZERO: Final = np.float32(1e-35)
"""LightGBM's ``kZeroThreshold``."""

PROOF_SEED: Final = 1
TOLERANCE: Final = 1e-12
"""Of a score. Sums are those of LightGBM, in its order; the exponential of the objective ``binary`` may differ."""

FloatArray = npt.NDArray[np.float32]


def proven_trees(booster: lightgbm.Booster, text: str) -> "CompiledTrees | None":
    """A sound model's trees for the kernel; None where they do not fit it, or do not say what LightGBM says."""
    trees = CompiledTrees.of(text)
    return trees if trees is not None and trees.agrees_with(booster) else None


@dataclass(frozen=True, slots=True)
class CompiledTrees:
    """The arrays of `ranking.trees.score_trees`, and the objective's last step.

    Attributes
    ----------
    sigmoid : float
        A score is ``1 / (1 + exp(-sigmoid * sum))``; 0 where it is the sum itself.
    """

    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float32]
    mask: npt.NDArray[Any]
    first_node: npt.NDArray[np.int32]
    leaf_value: npt.NDArray[np.float64]
    first_leaf: npt.NDArray[np.int32]
    sigmoid: float

    @classmethod
    def of(cls, text: str) -> Self | None:
        """Lay out a sound model text; None where a tree has more leaves than a word has bits."""
        trees, sigmoid = parse_trees(text)
        most = max(len(tree.leaf_value) for tree in trees)
        if most > MAX_LEAVES:
            return None
        word = np.uint32 if most <= MAX_LEAVES // 2 else np.uint64
        laid_out = [_laid_out(tree, word) for tree in trees]
        return cls(
            feature=np.concatenate([tree.feature for tree in trees]).astype(np.int32),
            threshold=_down_to_float32(np.concatenate([tree.threshold for tree in trees])),
            mask=np.concatenate([mask for mask, _ in laid_out]),
            first_node=_starts([len(tree.feature) for tree in trees]),
            leaf_value=np.concatenate([values for _, values in laid_out]),
            first_leaf=_starts([len(tree.leaf_value) for tree in trees]),
            sigmoid=sigmoid,
        )

    def scores(self, features: FloatArray) -> npt.NDArray[np.float64]:
        """Score rows of features, float32, shape (n, n_features); float64, shape (n,)."""
        score = np.empty(len(features), dtype=np.float64)
        columns = np.ascontiguousarray(features.T)
        every = self.mask.dtype.type(np.iinfo(self.mask.dtype).max)
        nodes = (self.feature, self.threshold, self.mask, self.first_node)
        score_trees(columns, *nodes, self.leaf_value, self.first_leaf, every, score)
        return 1.0 / (1.0 + np.exp(-self.sigmoid * score)) if self.sigmoid else score

    def agrees_with(self, booster: lightgbm.Booster) -> bool:
        """Whether scores are LightGBM's on rows that lie on each threshold and just above it."""
        rows = self._rows_at_thresholds(booster.num_feature())
        expected = booster.predict(rows, num_threads=1, validate_features=False)
        return bool(np.allclose(self.scores(rows), expected, rtol=TOLERANCE, atol=TOLERANCE))

    def _rows_at_thresholds(self, n_features: int) -> FloatArray:
        """Rows of which each feature's run through its thresholds, on them and above, in an order of its own."""
        draw = np.random.default_rng(PROOF_SEED)
        touched = [np.unique(self.threshold[self.feature == number]) for number in range(n_features)]
        zeros = np.array([0.0, ZERO, -ZERO, ZERO / 2, -ZERO / 2], dtype=np.float32)
        values = [np.concatenate([one, np.nextafter(one, np.float32(np.inf)), zeros]) for one in touched]
        longest = max(len(one) for one in values)
        return np.stack([np.resize(draw.permutation(one), longest) for one in values], axis=1).astype(np.float32)


def _laid_out(tree: Tree, word: type) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """A tree's masks, and the values of its leaves from left to right.

    Nodes come after their parents, so that a pass backwards knows how many leaves lie below each.
    """
    n_nodes = len(tree.feature)
    n_left, n_leaves = np.zeros(n_nodes, np.int64), np.ones(n_nodes + 1, np.int64)  # the last entry: of a leaf
    for node in range(n_nodes - 1, -1, -1):
        n_left[node] = n_leaves[max(tree.left[node], -1)]
        n_leaves[node] = n_left[node] + n_leaves[max(tree.right[node], -1)]
    first, order = np.zeros(n_nodes, np.int64), np.zeros(n_nodes + 1, np.int64)
    for node in range(n_nodes):
        for child, begin in ((tree.left[node], first[node]), (tree.right[node], first[node] + n_left[node])):
            if child >= 0:
                first[child] = begin
            else:
                order[begin] = -child - 1
    every = (1 << np.iinfo(word).bits) - 1
    masks = [every ^ (((1 << int(n)) - 1) << int(start)) for n, start in zip(n_left, first, strict=True)]
    return np.array(masks, dtype=word), tree.leaf_value[order]


def _down_to_float32(thresholds: npt.NDArray[np.float64]) -> FloatArray:
    """The largest float32 not above each: a float32 exceeds the one just where it exceeds the other.

    LightGBM reads numbers of at most `ZERO` as 0, so that thresholds among them part what lies below and above.
    """
    nearest = thresholds.astype(np.float32)
    lower = np.nextafter(nearest, np.float32(-np.inf))
    exact = np.where(nearest.astype(np.float64) > thresholds, lower, nearest)
    exact[(thresholds >= -ZERO) & (thresholds < 0)] = np.nextafter(-ZERO, np.float32(-np.inf))
    exact[(thresholds >= 0) & (thresholds < ZERO)] = ZERO
    return exact.astype(np.float32)


def _starts(sizes: list[int]) -> npt.NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
