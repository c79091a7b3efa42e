"""Training LightGBM: by which recipe and with how many trees, by the lists they make on queries kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt

from ranking.order_choice import OrderChoice, choose_order
from ranking.settings import CHOICES, RankerConfig, Recipe
from ranking.training_set import TrainingSet, with_fewer_negatives

EVAL_AT: Final = 10
TRIAL_QUERIES: Final = 4_000
VALID_QUERIES: Final = 1_000
"""So many queries to train and to validate on tell recipes and numbers of trees apart as well as all of them."""

TRIAL_HASTE: Final = 2
"""All settings but the objective are compared at so many times the learning rate, in half the time."""

Curve = npt.NDArray[np.float64]

N_FOLDS: Final = 2
"""On how many parts a choice is validated, each trained on all the others."""


@dataclass(frozen=True, slots=True)
class Boosting:
    """What was chosen, and what it was chosen by.

    Attributes
    ----------
    recipe : Recipe
    n_trees : int
    order : OrderChoice
    tried : dict
        NDCG@10 over candidates, averaged over the folds, by setting and value; the rest as chosen until then.
    seed_noise : float
        What another seed changes in it.
    """

    recipe: Recipe
    n_trees: int
    order: OrderChoice
    tried: dict[str, dict[str, float]]
    seed_noise: float

    def choices(self) -> dict[str, Any]:
        """For the manifest."""
        chosen = {one.name: getattr(self.recipe, one.name) for one in fields(Recipe)}
        measured = {"valid_ndcg@10": self.tried, "seed_noise": self.seed_noise}
        order = {"order": self.order.order, "order_half_life_days": self.order.half_life_days}
        return {**chosen, "n_trees": self.n_trees, **order, **measured}


def choose_boosting(folds: Sequence[TrainingSet], config: RankerConfig, rng: int) -> Boosting:
    """Choose one setting of the recipe after the other, the number of trees, and then the order, on `N_FOLDS` folds.

    Another value is taken only when it is better by more than another seed changes. Nothing is trained where nothing is
    left to choose.
    """
    recipe, n_trees = config.first_recipe(), config.n_trees
    if n_trees != "auto" and config.order != "auto" and all(len(config.values(setting)) == 1 for setting in CHOICES):
        return Boosting(recipe, n_trees, OrderChoice(config.order, config.order_half_life_days), {}, 0.0)
    trials = _Trials(folds, config, rng)
    noise = trials.seed_noise(recipe, rng)
    tried: dict[str, dict[str, float]] = {}
    for setting in CHOICES:
        values = config.values(setting)
        if len(values) > 1 and recipe.uses(setting) and (setting != "weigh_repeats" or trials.hold_repeats()):
            haste = 1 if setting == "objective" else TRIAL_HASTE  # rank_xendcg suffers from haste, the others do not
            recipe, tried[setting] = _best(trials, recipe, setting, values, noise, haste, rng)
    if n_trees == "auto":
        n_trees = int(np.argmax(trials.curve(recipe, rng))) + 1
    if config.order == "auto":
        order = trials.order(recipe, n_trees, noise, rng)
        tried["order"] = {name: round(ndcg, 6) for name, ndcg in order.ndcg.items()}
    else:
        order = OrderChoice(config.order, config.order_half_life_days)
    return Boosting(recipe, n_trees, order, tried, round(noise, 6))


def boost(parts: Sequence[TrainingSet], chosen: Boosting, config: RankerConfig, rng: int) -> lightgbm.Booster:
    """Train on all parts by what was chosen."""
    training = with_fewer_negatives(parts, chosen.recipe.negatives_per_query, rng)
    parameters = _parameters(chosen.recipe, len(training.label), config, rng)
    return lightgbm.train(parameters, _dataset(training, chosen.recipe), chosen.n_trees)


def _best(
    trials: "_Trials", recipe: Recipe, setting: str, values: tuple[Any, ...], noise: float, haste: int, rng: int
) -> tuple[Recipe, dict[str, float]]:
    """The recipe with the best value of a setting, the first of those as good, and what each value reached."""
    recipes = {value: replace(recipe, **{setting: value}) for value in values}
    reached = {value: float(trials.curve(one, rng, haste).max()) for value, one in recipes.items()}
    best = values[0]
    for value in values[1:]:
        if reached[value] > reached[best] + noise:
            best = value
    return recipes[best], {str(value): round(ndcg, 6) for value, ndcg in reached.items()}


@dataclass(frozen=True, slots=True)
class _Trials:
    """Trainings on all folds but one, each made once."""

    folds: Sequence[TrainingSet]
    config: RankerConfig
    rng: int
    _datasets: dict[tuple[int, int, bool], tuple[lightgbm.Dataset, lightgbm.Dataset]] = field(default_factory=dict)
    _curves: dict[tuple[Recipe, int, int], Curve] = field(default_factory=dict)

    def curve(self, recipe: Recipe, rng: int, haste: int = 1) -> Curve:
        """NDCG@10 after each tree, the mean over the folds, as far as all of them went."""
        if (recipe, rng, haste) not in self._curves:
            numbers = range(min(N_FOLDS, len(self.folds)))
            curves = [self._trained(number, recipe, rng, haste) for number in numbers]
            shortest = min(len(curve) for curve in curves)
            self._curves[recipe, rng, haste] = np.mean([curve[:shortest] for curve in curves], axis=0)
        return self._curves[recipe, rng, haste]

    def hold_repeats(self) -> bool:
        """Whether any item was wanted more than once, so that weights can matter."""
        return any((one.label > 1).any() for one in self.folds)

    def seed_noise(self, recipe: Recipe, rng: int) -> float:
        """What another seed changes in the best of the curve."""
        return float(abs(self.curve(recipe, rng + 1).max() - self.curve(recipe, rng).max()))

    def order(self, recipe: Recipe, n_trees: int, noise: float, rng: int) -> OrderChoice:
        """The best order on the folds' queries that are validated on."""
        curve = self.curve(recipe, rng)
        valid = [_valid_part(fold) for fold in self.folds[:N_FOLDS]]
        return choose_order(float(curve[min(n_trees, len(curve)) - 1]), valid, noise)

    def _trained(self, number: int, recipe: Recipe, rng: int, haste: int) -> Curve:
        training, valid = self._data(number, recipe)
        scores: dict[str, dict[str, list[float]]] = {}
        parameters = _parameters(recipe, training.num_data(), self.config, rng)
        lightgbm.train(
            parameters | {"learning_rate": self.config.learning_rate * haste},
            training,
            max(self.config.max_trees // haste, 1),
            valid_sets=[valid],
            callbacks=[
                lightgbm.early_stopping(max(self.config.early_stopping_rounds // haste, 1), verbose=False),
                lightgbm.record_evaluation(scores),
            ],
        )
        return np.array(scores["valid_0"][f"ndcg@{EVAL_AT}"])

    def _data(self, number: int, recipe: Recipe) -> tuple[lightgbm.Dataset, lightgbm.Dataset]:
        """What one fold is validated with; LightGBM's bins are made once for all recipes of the same rows."""
        key = (number, recipe.negatives_per_query, recipe.weigh_repeats)
        if key not in self._datasets:
            others = [one for place, one in enumerate(self.folds) if place != number]
            drawn = with_fewer_negatives(others, recipe.negatives_per_query, self.rng).drawn(TRIAL_QUERIES, self.rng)
            training, fold = _dataset(drawn, recipe).construct(), self.folds[number]
            valid = _dataset(_valid_part(fold), reference=training)
            self._datasets[key] = training, valid
        return self._datasets[key]


def _valid_part(fold: TrainingSet) -> TrainingSet:
    return fold.part(0, min(len(fold), VALID_QUERIES))


def _parameters(recipe: Recipe, n_rows: int, config: RankerConfig, rng: int) -> dict[str, Any]:
    settings = config.model_dump(include={"learning_rate", "feature_fraction", "bagging_fraction"})
    return settings | {
        "objective": recipe.objective,
        "num_leaves": recipe.num_leaves,
        "lambdarank_truncation_level": recipe.lambdarank_truncation_level,
        "metric": "ndcg",
        "eval_at": [EVAL_AT],
        "min_data_in_leaf": min(config.min_data_in_leaf, max(1, n_rows // 200)),
        "bagging_freq": 1,
        "seed": rng,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _dataset(
    training: TrainingSet, recipe: Recipe | None = None, reference: lightgbm.Dataset | None = None
) -> lightgbm.Dataset:
    is_weighted = recipe is not None and recipe.weigh_repeats
    return lightgbm.Dataset(
        training.features,
        training.label > 0,
        weight=np.where(training.label > 0, np.log2(1.0 + training.label), 1.0) if is_weighted else None,
        group=training.group_sizes,
        feature_name=list(training.names),
        reference=reference,
        params={"verbosity": -1, "feature_pre_filter": False},  # so that one set of bins serves all recipes
    )
