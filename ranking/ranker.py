"""Stage two's model: a LightGBM ranker over the features."""

from dataclasses import dataclass

import lightgbm
import numpy as np
import numpy.typing as npt

from ranking.model_text import check_model_text, trim_model_text

FloatArray = npt.NDArray[np.float32]


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
    return Ranker(lightgbm.Booster(model_str=text), num_threads)
