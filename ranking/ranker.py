"""Stage two's model: a LightGBM ranker over the features, and the check of its text before LightGBM parses it."""

import math
from dataclasses import dataclass

import lightgbm
import numpy as np
import numpy.typing as npt

from ranking.features import FEATURES
from shortlist.errors import BundleError, FeatureSchemaError

FloatArray = npt.NDArray[np.float32]
MAX_LEAVES = 4_096


@dataclass(frozen=True, slots=True)
class Ranker:
    """A trained ranker. `num_threads` is LightGBM's and holds for the whole process: never mix values."""

    booster: lightgbm.Booster
    num_threads: int = 1

    def scores(self, features: FloatArray) -> npt.NDArray[np.float64]:
        """Score rows of features; a row's score does not depend on the other rows.

        Parameters
        ----------
        features : ndarray of float32, shape (n, n_features)

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        if not len(features):
            return np.zeros(0)
        return np.asarray(self.booster.predict(features, num_threads=self.num_threads, validate_features=False))

    def contributions(self, features: FloatArray) -> npt.NDArray[np.float64]:
        """How much each feature adds to each score, float64, shape (n, n_features).

        Shapley values of the trees: Lundberg et al., "From Local Explanations to Global Understanding", 2020.
        """
        contributions = self.booster.predict(features, num_threads=self.num_threads, pred_contrib=True)
        return np.asarray(contributions)[:, :-1]

    def to_text(self) -> str:
        """The model in LightGBM's text format."""
        text: str = self.booster.model_to_string()
        return text


def load_ranker(text: str, num_threads: int = 1) -> Ranker:
    """Load a ranker from text, after checking that its trees are sound.

    Raises
    ------
    FeatureSchemaError
        When it was trained on other features than this release computes.
    BundleError
        When a tree's arrays are not those of a tree.
    """
    check_model_text(text)
    return Ranker(lightgbm.Booster(model_str=text), num_threads)


def check_model_text(text: str) -> None:
    """Check a LightGBM text model without LightGBM, whose parser trusts what it reads."""
    header, *trees = text.split("\nTree=")
    fields = _fields(header)
    if tuple(fields.get("feature_names", "").split()) != FEATURES:
        raise FeatureSchemaError("ranker.txt: its features are not those of this release. Train again.")
    if not trees:
        raise BundleError("ranker.txt: holds no tree. Train again.")
    for number, tree in enumerate(trees):
        try:
            _check_tree(_fields(tree.split("\nend of trees")[0]))
        except (KeyError, ValueError) as error:
            raise BundleError(f"ranker.txt: tree {number} is not sound: {error}. Train again.") from error


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in block.splitlines())
    return {name: value for name, _, value in pairs}


def _check_tree(fields: dict[str, str]) -> None:
    n_leaves = int(fields["num_leaves"])
    if not 1 <= n_leaves <= MAX_LEAVES:
        raise ValueError(f"{n_leaves} leaves")
    if int(fields["num_cat"]) != 0:
        raise ValueError("categorical splits")
    _numbers(fields, "leaf_value", n_leaves)
    if n_leaves == 1:
        return
    n_nodes = n_leaves - 1
    if not all(0 <= feature < len(FEATURES) for feature in _numbers(fields, "split_feature", n_nodes)):
        raise ValueError("a split on a feature that does not exist")
    _numbers(fields, "threshold", n_nodes)
    children = _numbers(fields, "left_child", n_nodes) + _numbers(fields, "right_child", n_nodes)
    if sorted(children) != sorted([*range(1, n_nodes), *range(-n_leaves, 0)]):
        raise ValueError("its nodes are not a tree")


def _numbers(fields: dict[str, str], name: str, n: int) -> list[float]:
    values = [float(value) for value in fields[name].split()]
    if len(values) != n or not all(math.isfinite(value) for value in values):
        raise ValueError(f"{name} does not hold {n} finite numbers")
    return values
