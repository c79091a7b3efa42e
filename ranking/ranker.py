"""Stage two's model: a LightGBM ranker over the features."""

from dataclasses import dataclass
from typing import Literal, Self

import lightgbm
import numpy as np
import numpy.typing as npt

from ranking.compiled import CompiledTrees, proven_trees
from ranking.model_text import check_model_text, trim_model_text

FloatArray = npt.NDArray[np.float32]
Scorer = Literal["compiled", "lightgbm"]


@dataclass(frozen=True, slots=True)
class Ranker:
    """A trained ranker.

    Attributes
    ----------
    num_threads : int
        LightGBM's; holds for the whole process: never mix values.
    trees : CompiledTrees or None
        What scores; where None, LightGBM does.
    """

    booster: lightgbm.Booster
    num_threads: int = 1
    trees: CompiledTrees | None = None

    @classmethod
    def of(cls, booster: lightgbm.Booster) -> Self:
        """A ranker of what was just trained."""
        return cls(booster, trees=proven_trees(booster, trim_model_text(booster.model_to_string())))

    @property
    def scorer(self) -> Scorer:
        """What scores: the compiled trees, or LightGBM."""
        return "lightgbm" if self.trees is None else "compiled"

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
        if self.trees is not None:
            return self.trees.scores(features)
        return np.asarray(self.booster.predict(features, num_threads=self.num_threads, validate_features=False))

    def scores_of_lists(self, lists: list[FloatArray]) -> list[npt.NDArray[np.float64]]:
        """The scores of several lists of rows: the compiled trees take one at a time, LightGBM all with its threads."""
        if self.trees is not None or len(lists) == 1:
            return [self.scores(features) for features in lists]
        scores = self.scores(np.concatenate(lists))
        return np.split(scores, np.cumsum([len(one) for one in lists])[:-1])

    def contributions(self, features: FloatArray) -> npt.NDArray[np.float64]:
        """How much each feature adds to each score, float64, shape (n, n_features).

        Shapley values of the trees: Lundberg et al., "From Local Explanations to Global Understanding", 2020.
        """
        if not len(features):
            return np.zeros((0, self.booster.num_feature()))
        contributions = self.booster.predict(features, num_threads=self.num_threads, pred_contrib=True)
        return np.asarray(contributions)[:, :-1]

    def to_text(self) -> str:
        """The model in LightGBM's text format, header and trees alone."""
        return trim_model_text(self.booster.model_to_string())


def load_ranker(text: str, names: tuple[str, ...], num_threads: int = 1) -> Ranker:
    """Load a ranker from text, after checking that its trees are sound.

    Raises
    ------
    FeatureSchemaError
        When it was trained on other features than those named.
    BundleError
        When a tree's arrays are not those of a tree.
    """
    check_model_text(text, names)
    booster = lightgbm.Booster(model_str=text)
    return Ranker(booster, num_threads, proven_trees(booster, text))
