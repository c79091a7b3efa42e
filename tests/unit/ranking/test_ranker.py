"""The ranker, and the check of its text before LightGBM parses it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from candidate_gen.sources import SOURCES
from ranking.features import feature_names
from ranking.model_text import check_model_text
from ranking.ranker import load_ranker
from ranking.recommender import Recommender
from shortlist.errors import BundleError, FeatureSchemaError

FEATURES = feature_names(tuple(source.name for source in SOURCES))

LOAD_EACH = """
import json, os, sys
import numpy as np
from ranking.ranker import load_ranker
from shortlist.errors import BundleError
names, texts = json.load(open(sys.argv[1]))
names = tuple(names)
rows = np.random.default_rng(0).normal(scale=100, size=(50, len(names))).astype(np.float32)
for name, text in texts.items():
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            ranker = load_ranker(text, names)
            outcome = f"answers {ranker.scores(rows).tolist()} {ranker.contributions(rows[:2]).shape}"
        except BundleError:
            outcome = "BundleError"
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"
        print(json.dumps([name, outcome]))
        sys.stdout.flush()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status:
        print(json.dumps([name, f"process ended with {status}"]))
"""
"""Load spoilt models where a crash ends only a child, and say what came of each."""


def _first(pattern: str, replacement: str):
    """Replace what the first line that fits a pattern matches."""
    return lambda text: re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE)


def _own_child(text: str) -> str:
    """Make an inner node of the first tree its own left child; every node still has one parent."""
    children = [int(one) for one in re.search(r"^left_child=(.*)$", text, re.MULTILINE)[1].split()]
    node = next(one for one in children if one > 0)
    parent = children.index(node)
    children[parent], children[node] = children[node], node
    return _first(r"^left_child=.*$", "left_child=" + " ".join(map(str, children)))(text)


SPOILT = {
    "cycle to the root": _first(r"^left_child=-?\d+", "left_child=0"),
    "cycle beside the tree": _own_child,
    "child out of range": _first(r"^left_child=-?\d+", "left_child=1000"),
    "leaf out of range": _first(r"^right_child=-?\d+", "right_child=-1000"),
    "fractional child": _first(r"^left_child=(-?\d+)", r"left_child=\1.5"),
    "feature out of range": _first(r"^split_feature=\d+", f"split_feature={len(FEATURES)}"),
    "negative feature": _first(r"^split_feature=\d+", "split_feature=-1"),
    "fractional feature": _first(r"^split_feature=(\d+)", r"split_feature=\1.5"),
    "nan leaf": _first(r"^leaf_value=\S+", "leaf_value=nan"),
    "infinite leaf": _first(r"^leaf_value=\S+", "leaf_value=inf"),
    "nan threshold": _first(r"^threshold=\S+", "threshold=nan"),
    "short leaves": _first(r"^leaf_value=\S+ ", "leaf_value="),
    "short children": _first(r"^left_child=\S+ ", "left_child="),
    "no leaves": _first(r"^leaf_value=.*\n", ""),
    "no children": _first(r"^left_child=.*\n", ""),
    "no thresholds": _first(r"^threshold=.*\n", ""),
    "no features of splits": _first(r"^split_feature=.*\n", ""),
    "no number of leaves": _first(r"^num_leaves=.*\n", ""),
    "too many leaves": _first(r"^num_leaves=\d+", "num_leaves=1000000000"),
    "no leaf": _first(r"^num_leaves=\d+", "num_leaves=0"),
    "number of leaves no number": _first(r"^num_leaves=\d+", "num_leaves=x"),
    "categorical split": _first(r"^num_cat=0", "num_cat=1"),
    "categorical decision": _first(r"^decision_type=\d+", "decision_type=1"),
    "short decisions": _first(r"^decision_type=.*", "decision_type=2"),
    "no decisions": _first(r"^decision_type=.*\n", ""),
    "linear leaves": _first(r"^is_linear=0", "is_linear=1"),
    "array given twice": _first(r"^left_child=", "left_child=99999 99999\nleft_child="),
    "line added to a tree": _first(r"^num_cat=0", "num_cat=0\nnote=1"),
    "empty line in a tree": _first(r"^num_cat=0", "num_cat=0\n"),
    "size of a tree": _first(r"^tree_sizes=\d+", "tree_sizes=999999999"),
    "negative size of a tree": _first(r"^tree_sizes=\d+", "tree_sizes=-5"),
    "size of no tree": _first(r"^tree_sizes=(.*)$", r"tree_sizes=\1 1000"),
    "classes": _first(r"^num_class=1", "num_class=3"),
    "trees in an iteration": _first(r"^num_tree_per_iteration=1", "num_tree_per_iteration=2"),
    "no tree in an iteration": _first(r"^num_tree_per_iteration=1", "num_tree_per_iteration=0"),
    "last feature": _first(r"^max_feature_idx=\d+", "max_feature_idx=1000"),
    "objective": _first(r"^objective=.*", "objective=frobnicate"),
    "feature ranges": _first(r"^feature_infos=.*", "feature_infos=none"),
    "no tree": lambda text: text[: text.index("\nTree=")],
    "tree without lines": lambda text: text[: text.index("Tree=0")] + "Tree=0\n",
    "cut in a tree": lambda text: text[: text.index("left_child=") + 30],
    "windows line ends": lambda text: text.replace("\n", "\r\n"),
    "nothing": lambda _text: "",
    "other features": _first(r"^feature_names=\S+", "feature_names=other"),
}


@pytest.fixture(scope="module")
def model_text(small_recommender: Recommender) -> str:
    """The text of the small shop's ranker."""
    assert small_recommender.two_stage.ranker is not None
    return small_recommender.two_stage.ranker.to_text()


@pytest.fixture(scope="module")
def outcomes(model_text: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What came of loading each spoilt model."""
    folder = tmp_path_factory.mktemp("models")
    spoilt = {name: spoil(model_text) for name, spoil in SPOILT.items()}
    assert [name for name, text in spoilt.items() if text == model_text] == []
    (folder / "models.json").write_text(json.dumps([FEATURES, spoilt]))
    command = [sys.executable, "-c", LOAD_EACH, str(folder / "models.json")]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True, cwd=root)
    lines = done.stdout.decode(errors="replace").splitlines()
    return dict(json.loads(line) for line in lines if line.startswith('["'))


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_model_is_a_bundle_error(outcomes: dict[str, str], name: str) -> None:
    """A model text that is not whole is a `BundleError`: it neither answers nor ends the process."""
    assert outcomes[name] == "BundleError"


def test_sound_model_passes(model_text: str) -> None:
    """The text of a trained model passes the check, and scores as the trained model does."""
    check_model_text(model_text, FEATURES)
    rows = np.random.default_rng(1).normal(size=(30, len(FEATURES))).astype(np.float32)
    one, other = load_ranker(model_text, FEATURES), load_ranker(load_ranker(model_text, FEATURES).to_text(), FEATURES)
    np.testing.assert_array_equal(one.scores(rows), other.scores(rows))


def test_other_features_are_named(model_text: str) -> None:
    """A model of other features is a `FeatureSchemaError`."""
    with pytest.raises(FeatureSchemaError):
        check_model_text(model_text.replace("n_events", "n_visits"), FEATURES)


def test_message_names_the_tree(model_text: str) -> None:
    """The error says which tree is not sound, and what to do."""
    head, _, rest = model_text.partition("\nTree=1\n")
    with pytest.raises(BundleError, match=r"tree 1 .* Train again"):
        check_model_text(head + "\nTree=1\n" + SPOILT["nan leaf"](rest), FEATURES)


def test_score_of_a_row_does_not_depend_on_the_others(model_text: str) -> None:
    """A row has the same score alone, among others and in another order, bit for bit."""
    ranker = load_ranker(model_text, FEATURES)
    rows = np.random.default_rng(2).normal(scale=10, size=(40, len(FEATURES))).astype(np.float32)
    together = ranker.scores(rows)
    np.testing.assert_array_equal(np.concatenate([ranker.scores(row[None]) for row in rows]), together)
    np.testing.assert_array_equal(ranker.scores(rows[::-1])[::-1], together)
    assert ranker.scores(rows[:0]).shape == (0,)


def test_contributions_add_up(model_text: str) -> None:
    """The contributions of two rows differ, in sum, by as much as their scores do."""
    ranker = load_ranker(model_text, FEATURES)
    rows = np.random.default_rng(3).normal(scale=10, size=(20, len(FEATURES))).astype(np.float32)
    base = ranker.scores(rows) - ranker.contributions(rows).sum(axis=1)
    np.testing.assert_allclose(base, base[0], atol=1e-6)
