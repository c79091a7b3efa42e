"""Matrix factorisation by implicit alternating least squares, and folding any history into its space.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, as `implicit` fits it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
import numpy.typing as npt
from implicit.cpu.als import AlternatingLeastSquares
from pydantic import Field
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits

from candidate_gen.index import FactorIndex, IndexChoice, IndexConfig, build_index, open_index
from candidate_gen.kernels import inner_products
from candidate_gen.profile import HALF_LIVES_DAYS, UserProfile, build_profile
from candidate_gen.source import Array, Float32, ItemPositions, Mask, Sizes, SourceConfig, StoredArrays
from candidate_gen.spark_als import SparkAls
from data.arrays.past import Past
from data.attributes import ItemAttributes
from shortlist.checks import check_range
from shortlist.cluster import running_cluster
from shortlist.errors import BundleError

HalfLifeDays = Literal[7, 21, 60, 120, 365, 3650]

FEW_ITEMS: Final = 0.25
"""Up to this share of the number of factors, a system of as many rows as items is the smaller work."""

EXACT_BELOW_ALLOWED: Final = 5_000
"""A filter that leaves fewer items than this is searched exactly: an index may hold none of them."""


class AlsConfig(SourceConfig):
    """How the factors are fitted. The confidence of a user-item pair is ``alpha * log1p(decayed weight)``."""

    limit: int = Field(default=120, ge=0)
    factors: int = Field(default=128, ge=2, le=1024)
    search_seconds: float = Field(default=60.0, ge=0)
    alpha: float = Field(default=1.0, gt=0)
    regularization: float = Field(default=8.0, gt=0)
    iterations: int = Field(default=10, ge=1)
    half_life_days: HalfLifeDays = 120
    index: IndexConfig = IndexConfig()


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
    inverse : ndarray of float32, shape (factors, factors)
        Of `gram`.
    """

    item_factors: npt.NDArray[np.float32]
    gram: npt.NDArray[np.float32]
    alpha: float
    half_life_days: int
    inverse: npt.NDArray[np.float32]

    @classmethod
    def of(cls, item_factors: Float32, gram: Float32, alpha: float, half_life_days: int) -> Self:
        """The model of these factors. Raises ``LinAlgError`` when `gram` has no inverse: no training made it."""
        return cls(item_factors, gram, alpha, half_life_days, np.linalg.inv(gram.astype(np.float64)).astype(np.float32))

    def user_factor(self, profile: UserProfile) -> npt.NDArray[np.float32]:
        """The factor of a user with this history, known to training or not; zeros for an empty one.

        Solves the least-squares step of the training for one user: ``(Y'Y + Y'(C-I)Y + reg I) x = Y'C 1``. Costs
        O(m d^2) for few items, and O(m d^2 + d^3) for m of them.

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
        if len(known) <= FEW_ITEMS * known.shape[1]:
            return self._factor_of_few(known, confidence)
        system = self.gram + known.T @ (known * (confidence - np.float32(1.0))[:, None])
        _, factor, failed = lapack.sposv(system, known.T @ confidence)
        return _solved(factor, failed)

    def _factor_of_few(self, known: Float32, confidence: Float32) -> Float32:
        """The same from a system of as many rows as items (Woodbury's identity).

        With ``P = Y G^-1``, ``S = P Y'`` and ``D = C - I``: ``x = P'(c - D (I + S D)^-1 S c)``.
        """
        weighed = known @ self.inverse
        within = weighed @ known.T
        more = confidence - np.float32(1.0)
        system = within * more
        system.flat[:: len(system) + 1] += np.float32(1.0)
        _, _, solved, failed = lapack.sgesv(system, within @ confidence)
        factor: Float32 = (confidence - more * _solved(solved, failed)) @ weighed
        return factor


def _solved(solution: Float32, failed: int) -> Float32:
    if failed:
        raise np.linalg.LinAlgError("the system of a user's factor has no solution")
    return solution


@dataclass(frozen=True, slots=True)
class Als:
    """The items nearest to the user's factor.

    Attributes
    ----------
    model : AlsModel
    index : FactorIndex
        Over the items of the largest factors.
    index_choice : IndexChoice or None
        How the index was chosen; None when it was read from a bundle.
    """

    model: AlsModel
    index: FactorIndex
    index_choice: IndexChoice | None = None

    name: ClassVar[str] = "als"
    reason: ClassVar[str] = "fits_taste"
    Config: ClassVar[type[SourceConfig]] = AlsConfig
    needs_history: ClassVar[bool] = True

    @classmethod
    def fit(cls, past: Past, attributes: ItemAttributes, config: AlsConfig, rng: int) -> Self:
        """Fit the factors, and take the cheapest index that is good enough for real users."""
        del attributes
        model = fit_als(past, config, rng)
        queries = _probe_factors(model, past, config.index.n_probe_users, rng)
        return cls(model, *build_index(model.item_factors, queries, config.limit, config.index))

    def ask(self, profile: UserProfile) -> Float32:
        """The user's factor, float32, shape (factors,)."""
        return self.model.user_factor(profile)

    def found(self, asked: Float32, n: int, allowed: Mask | None) -> ItemPositions:
        """The items nearest to a user's factor: by the index, or exactly where a filter leaves few items."""
        if allowed is None or np.count_nonzero(allowed) > EXACT_BELOW_ALLOWED:
            return self.index.search(asked, n, allowed)
        items = np.flatnonzero(allowed).astype(np.int32)
        nearest: ItemPositions = items[np.argsort(-(self.model.item_factors[items] @ asked), kind="stable")[:n]]
        return nearest

    def score(self, asked: Float32, item_idx: ItemPositions) -> Float32:
        """The inner product of the factors, the same whichever other items there are."""
        products: Float32 = inner_products(self.model.item_factors, item_idx, asked)
        return products

    def choices(self) -> dict[str, Any]:
        """The kind of index, the share of items in it, its recall."""
        return {} if self.index_choice is None else {"index": asdict(self.index_choice)}

    def arrays(self) -> Mapping[str, Array | bytes]:
        """Factors, the system's fixed part, and the index with the item at each of its positions."""
        return {
            "item_factors": self.model.item_factors,
            "gram": self.model.gram,
            "index": self.index.to_bytes(),
            "index_items": self.index.items,
            "settings": np.array([self.model.alpha, self.model.half_life_days], dtype=np.float64),
        }

    @classmethod
    def from_arrays(cls, stored: StoredArrays, config: AlsConfig, sizes: Sizes) -> Self:
        """Map them. Raises ``BundleError`` when index and factors do not belong together."""
        item_factors = stored.array("item_factors", sizes.n_items, None)
        factors = item_factors.shape[1]
        gram = stored.array("gram", factors, factors)
        alpha, half_life_days = _stored_settings(stored, config)
        items = stored.array("index_items", None)
        check_range("als_index_items", items, 0, len(item_factors))
        try:
            index = open_index(stored.bundle.path("als_index.faiss"), items, item_factors)
        except ValueError as error:
            raise BundleError(f"als_index.faiss: {error}, as als_index_items says. Train again.") from error
        try:
            return cls(AlsModel.of(item_factors, gram, alpha, half_life_days), index)
        except np.linalg.LinAlgError as error:
            raise BundleError(f"als_gram: {error}. Train again.") from error


def _stored_settings(stored: StoredArrays, config: AlsConfig) -> tuple[float, int]:
    """The alpha and half-life that the factors were fitted with; bundles of release 0.1 have the configured ones."""
    if not stored.has("settings"):
        return config.alpha, config.half_life_days
    alpha, half_life_days = stored.array("settings", 2)
    if half_life_days not in HALF_LIVES_DAYS or not alpha > 0:
        raise BundleError("als_settings: no weights that this release knows. Train again.")
    return float(alpha), int(half_life_days)


def fit_als(past: Past, config: AlsConfig, rng: int) -> AlsModel:
    """Fit item factors on a past."""
    cluster = running_cluster()
    with threadpool_limits(1, user_api="blas"):  # `implicit` brings its own threads
        model = (AlternatingLeastSquares if cluster is None else partial(SparkAls, cluster))(
            factors=config.factors,
            alpha=config.alpha,
            regularization=config.regularization,
            iterations=config.iterations,
            random_state=rng,
            calculate_training_loss=False,
        )
        model.fit(past.user_item_matrix(config.half_life_days), show_progress=False)
    factors = _without_unseen(np.asarray(model.item_factors, dtype=np.float32), past)
    gram = factors.T @ factors + np.float32(config.regularization) * np.eye(config.factors, dtype=np.float32)
    return AlsModel.of(factors, gram, config.alpha, config.half_life_days)


def _probe_factors(model: AlsModel, past: Past, n: int, rng: int) -> Float32:
    """Factors of randomly drawn users, to measure the index with."""
    active = past.active_users()
    drawn = np.random.default_rng(rng).choice(active, size=min(n, len(active)), replace=False)
    factors = [model.user_factor(build_profile(past.history(int(user)))) for user in drawn]
    return np.array(factors, dtype=np.float32).reshape(len(factors), model.item_factors.shape[1])


def _without_unseen(factors: npt.NDArray[np.float32], past: Past) -> npt.NDArray[np.float32]:
    """Zero the factors of items without interactions: `implicit` leaves them at what they started from."""
    seen = np.bincount(past.interactions.item_idx, minlength=len(factors)) > 0
    return np.where(seen[:, None], factors, np.float32(0.0))
