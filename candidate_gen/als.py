"""Matrix factorisation by implicit alternating least squares, and folding any history into its space.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, as `implicit` fits it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from implicit.cpu.als import AlternatingLeastSquares
from pydantic import Field
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits

from candidate_gen.matrix import user_item_matrix
from candidate_gen.profile import UserProfile
from data.interactions import Interactions
from shortlist.config import ConfigModel

HalfLifeDays = Literal[7, 21, 60, 120, 365]


class AlsConfig(ConfigModel):
    """How the factors are fitted. The confidence of a user-item pair is ``alpha * log1p(decayed weight)``."""

    factors: int = Field(default=64, ge=2, le=1024)
    alpha: float = Field(default=1.0, gt=0)
    regularization: float = Field(default=8.0, gt=0)
    iterations: int = Field(default=10, ge=1)
    half_life_days: HalfLifeDays = 120


@dataclass(frozen=True, slots=True)
class AlsModel:
    """Item factors, and what folding a user in needs.

    Attributes
    ----------
    item_factors : ndarray of float32, shape (n_items, factors)
    gram : ndarray of float32, shape (factors, factors)
        ``item_factors.T @ item_factors`` plus the regularisation on its diagonal.
    alpha : float
    half_life_days : int
        As in `AlsConfig`.
    """

    item_factors: npt.NDArray[np.float32]
    gram: npt.NDArray[np.float32]
    alpha: float
    half_life_days: int

    def user_factor(self, profile: UserProfile) -> npt.NDArray[np.float32]:
        """The factor of a user with this history, known to training or not; zeros for an empty one.

        Solves the least-squares step of the training for one user: ``(Y'Y + Y'(C-I)Y + reg I) x = Y'C 1``. Costs
        O(m d^2 + d^3) for m items.

        Returns
        -------
        ndarray of float32, shape (factors,)

        Raises
        ------
        LinAlgError
            Never for factors and a regularisation that training made.
        """
        if not len(profile):
            return np.zeros(self.item_factors.shape[1], dtype=np.float32)
        known = self.item_factors[profile.item_idx]
        confidence = np.float32(self.alpha) * np.log1p(profile.decayed_at(self.half_life_days))
        system = self.gram + known.T @ (known * (confidence - np.float32(1.0))[:, None])
        _, factor, failed = lapack.sposv(system, known.T @ confidence)
        if failed:
            raise np.linalg.LinAlgError("the system of a user's factor is not positive definite")
        solved: npt.NDArray[np.float32] = factor
        return solved


def fit_als(interactions: Interactions, as_of: int, config: AlsConfig, rng: int) -> AlsModel:
    """Fit item factors on all interactions, which must lie before `as_of` (seconds)."""
    with threadpool_limits(1, user_api="blas"):  # `implicit` brings its own threads
        model = AlternatingLeastSquares(
            factors=config.factors,
            alpha=config.alpha,
            regularization=config.regularization,
            iterations=config.iterations,
            random_state=rng,
            calculate_training_loss=False,
        )
        model.fit(user_item_matrix(interactions, as_of, config.half_life_days), show_progress=False)
    factors = _without_unseen(np.asarray(model.item_factors, dtype=np.float32), interactions)
    gram = factors.T @ factors + np.float32(config.regularization) * np.eye(config.factors, dtype=np.float32)
    return AlsModel(factors, gram, config.alpha, config.half_life_days)


def _without_unseen(factors: npt.NDArray[np.float32], interactions: Interactions) -> npt.NDArray[np.float32]:
    """Zero the factors of items without interactions: `implicit` leaves them at what they started from."""
    seen = np.bincount(interactions.item_idx, minlength=len(factors)) > 0
    return np.where(seen[:, None], factors, np.float32(0.0))
