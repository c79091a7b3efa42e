"""The text of a LightGBM model, checked line by line before LightGBM parses it: its parser trusts what it reads.

Only what LightGBM itself writes for a ranker over our features passes: these header lines, and trees with these lines,
in this order. Whatever LightGBM adds behind the trees (importances, parameters) is left out when a model is saved.
"""

import math
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shortlist.errors import BundleError, FeatureSchemaError

MAX_LEAVES: Final = 4_096
OBJECTIVES: Final = ("lambdarank", "rank_xendcg", "binary")
END: Final = "end of trees\n"
_RANGE: Final = re.compile(r"none|\[[-+.e\d]+:[-+.e\d]+\]")
_NODE_LINES: Final = ("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child")
_INNER_LINES: Final = ("internal_value", "internal_weight", "internal_count")
_LEAF_LINES: Final = ("leaf_value", "leaf_weight", "leaf_count")
_TREE_LINES: Final = ("num_leaves", "num_cat", *_NODE_LINES, *_LEAF_LINES, *_INNER_LINES, "is_linear", "shrinkage")
_HEADER: Final = {
    "version": "v4",
    "num_class": "1",
    "num_tree_per_iteration": "1",
    "label_index": "0",
}
_HEADER_LINES: Final = (*_HEADER, "max_feature_idx", "objective", "feature_names", "feature_infos", "tree_sizes")
_NUMERIC_DECISIONS: Final = range(0, 16, 2)


def trim_model_text(text: str) -> str:
    """The header and the trees of what LightGBM wrote."""
    return text[: text.index(END) + len(END)]


def check_model_text(text: str, names: tuple[str, ...]) -> None:
    """Check a trimmed model text against the names of the features that its rows will have.

    Raises
    ------
    FeatureSchemaError
        When it was trained on other features.
    BundleError
        When it is not what LightGBM writes: a line too many or too few, arrays of other lengths, numbers that are not
        finite, or nodes that are no tree.
    """
    try:
        header, *trees = _split(text)
        sizes = _check_header(_fields(header, _HEADER_LINES), names)
        _check_trees(trees, sizes, len(names))
    except (ValueError, IndexError) as error:
        raise BundleError(f"ranker.txt: not a sound model: {error}. Train again.") from error


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree; a child below zero is the leaf ``-child - 1``.

    Attributes
    ----------
    feature, left, right : ndarray of int64, shape (n_leaves - 1,)
    threshold : ndarray of float64, shape (n_leaves - 1,)
        A row goes to the left when its feature is not above it.
    leaf_value : ndarray of float64, shape (n_leaves,)
    """

    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    leaf_value: npt.NDArray[np.float64]


def parse_trees(text: str) -> tuple[list[Tree], float]:
    """The trees of a text that `check_model_text` passes, and the objective's sigmoid, 0 where it has none."""
    header, *blocks = _split(text)
    objective, *options = _fields(header, _HEADER_LINES)["objective"].split(" ")
    sigmoid = dict(option.split(":") for option in options).get("sigmoid", "1")
    trees = [_tree(_fields(block.removesuffix("\n\n"), (), f"Tree={number}\n")) for number, block in enumerate(blocks)]
    return trees, float(sigmoid) if objective == "binary" else 0.0


def _tree(fields: dict[str, str]) -> Tree:
    nodes = {name: fields[name].split(" ") if int(fields["num_leaves"]) > 1 else [] for name in _NODE_LINES}
    return Tree(
        feature=np.array(nodes["split_feature"], dtype=np.int64),
        threshold=np.array(nodes["threshold"], dtype=np.float64),
        left=np.array(nodes["left_child"], dtype=np.int64),
        right=np.array(nodes["right_child"], dtype=np.int64),
        leaf_value=np.array(fields["leaf_value"].split(" "), dtype=np.float64),
    )


def _split(text: str) -> list[str]:
    """The header and the trees, each with the empty lines behind it."""
    if not text.startswith("tree\n") or not text.endswith(END) or not text.isascii():
        raise ValueError("it does not begin and end as a model does")
    starts = [match.start() for match in re.finditer(r"^Tree=", text, re.MULTILINE)]
    ends = [*starts[1:], len(text) - len(END)]
    header = text[len("tree\n") : starts[0] if starts else -len(END)]
    return [header.removesuffix("\n"), *(text[start:end] for start, end in zip(starts, ends, strict=True))]


def _fields(block: str, names: tuple[str, ...], first_line: str = "") -> dict[str, str]:
    """The ``name=value`` lines of a block, which must be just these in this order."""
    if not block.startswith(first_line):
        raise ValueError("is not where it should be")
    lines = [line.partition("=") for line in block.removeprefix(first_line).removesuffix("\n").split("\n")]
    found = tuple(name for name, _, _ in lines)
    if found != (names or _TREE_LINES):
        raise ValueError(f"{'' if first_line else 'the header '}does not have the lines that it should")
    return {name: value for name, _, value in lines}


def _check_header(fields: dict[str, str], names: tuple[str, ...]) -> list[int]:
    """Check the header; return the sizes of the trees in bytes."""
    if tuple(fields["feature_names"].split(" ")) != names:
        raise FeatureSchemaError("ranker.txt: its features are not those that the manifest names. Train again.")
    for name, wanted in (_HEADER | {"max_feature_idx": str(len(names) - 1)}).items():
        if fields[name] != wanted:
            raise ValueError(f"{name} is {fields[name]}, not {wanted}")
    if fields["objective"].split(" ")[0] not in OBJECTIVES:
        raise ValueError("its objective is none that this release trains")
    ranges = fields["feature_infos"].split(" ")
    if len(ranges) != len(names) or not all(map(_RANGE.fullmatch, ranges)):
        raise ValueError("feature_infos does not have a range for each feature")
    return [int(size) for size in fields["tree_sizes"].split(" ")]


def _check_trees(trees: list[str], sizes: list[int], n_features: int) -> None:
    """Check each tree, and that there are as many, each as long, as the header says."""
    for number, tree in enumerate(trees):
        try:
            _check_tree(_fields(tree.removesuffix("\n\n"), (), f"Tree={number}\n"), n_features)
        except (ValueError, IndexError) as error:
            raise ValueError(f"tree {number} {error}") from error
    if not trees or sizes != [len(tree) for tree in trees]:
        raise ValueError("its trees do not have the sizes that its header says")


def _check_tree(fields: dict[str, str], n_features: int) -> None:
    n_leaves = int(fields["num_leaves"])
    if not 1 <= n_leaves <= MAX_LEAVES:
        raise ValueError(f"has {n_leaves} leaves")
    if fields["num_cat"] != "0" or fields["is_linear"] != "0":
        raise ValueError("has categorical splits or linear leaves")
    _floats(fields, "leaf_value", n_leaves)
    if n_leaves == 1:
        return
    n_nodes = n_leaves - 1
    for name in ("split_gain", "threshold", *_INNER_LINES):
        _floats(fields, name, n_nodes)
    for name in ("leaf_weight", "leaf_count"):
        _floats(fields, name, n_leaves)
    if not all(feature in range(n_features) for feature in _integers(fields, "split_feature", n_nodes)):
        raise ValueError("splits on a feature that does not exist")
    if not all(decision in _NUMERIC_DECISIONS for decision in _integers(fields, "decision_type", n_nodes)):
        raise ValueError("has a split that is not numeric")
    _check_children(_integers(fields, "left_child", n_nodes), _integers(fields, "right_child", n_nodes))


def _check_children(left: list[int], right: list[int]) -> None:
    """Every node but the root and every leaf has one parent, and every node comes after its parent: no cycle."""
    n_nodes = len(left)
    if sorted(left + right) != [*range(-n_nodes - 1, 0), *range(1, n_nodes)]:
        raise ValueError("has a node or leaf that does not have one parent")
    if any(0 <= child <= parent for parent, pair in enumerate(zip(left, right, strict=True)) for child in pair):
        raise ValueError("has a node that comes before its parent")


def _floats(fields: dict[str, str], name: str, n: int) -> None:
    values = [float(value) for value in fields[name].split(" ")]
    if len(values) != n or not all(map(math.isfinite, values)):
        raise ValueError(f"has a {name} that does not hold {n} finite numbers")


def _integers(fields: dict[str, str], name: str, n: int) -> list[int]:
    values = [int(value) for value in fields[name].split(" ")]
    if len(values) != n:
        raise ValueError(f"has a {name} that does not hold {n} numbers")
    return values
