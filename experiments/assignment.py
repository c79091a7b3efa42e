"""Which variants a user gets: a pure function of the configuration and the user's id."""

import hashlib
import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

from experiments.config import Experiment, ExperimentsConfig, Variant, VariantParameters

CONTROL: Final = "control"
"""The label of everybody who gets what the service does without experiments."""

_LARGEST_BELOW_ONE: Final = 1 - 2**-53
_FIRST_64_BITS: Final = struct.Struct(">Q")


def bucket(salt: str, unit: str) -> float:
    """Place a unit in [0, 1), evenly over units and independently over salts.

    The first 64 bits, big-endian, of SHA-256 of the UTF-8 text ``salt|unit``, divided by 2**64 and rounded to the
    nearest double; the few values that round to 1 are the largest double below it. The unit is taken as it is, with
    no normalisation; a lone surrogate is encoded as its three bytes. Method: Tang et al., "Overlapping Experiment
    Infrastructure", KDD 2010, section 4.

    Examples
    --------
    >>> bucket("colour-2026", "anna")
    0.9899674313784308
    """
    text = f"{salt}|{unit}".encode(errors="surrogatepass")
    return fraction(hashlib.sha256(text).digest())


def fraction(digest: bytes) -> float:
    """The first eight bytes of a digest, big-endian, as a double in [0, 1)."""
    value: float = _FIRST_64_BITS.unpack_from(digest)[0] * 2.0**-64
    return value if value < 1 else _LARGEST_BELOW_ONE


@dataclass(frozen=True, slots=True)
class VariantAssignment:
    """A user's place in one experiment.

    Attributes
    ----------
    experiment, variant : str
        Their names.
    is_control : bool
        Whether the variant is the experiment's control.
    is_override : bool
        Whether the file names the user: leave such a user out of every read-out.
    traffic_bucket : float
        In [0, 1), under the layer's salt: decides who is in.
    bucket : float
        In [0, 1), under the experiment's salt: decides the variant.
    """

    experiment: str
    variant: str
    is_control: bool
    is_override: bool
    traffic_bucket: float
    bucket: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """All that experiments mean for one user.

    Attributes
    ----------
    user_id : str
        As it was asked for.
    variants : tuple of VariantAssignment
        The experiments that the user is in, in file order.
    label : str
        ``control`` for a user who is in no experiment or in the control of each; otherwise ``experiment:variant`` of
        every variant that is not a control, in file order, joined with ``+``. It determines ``bundle`` and
        ``parameters`` under a given file, so it can stand for them in a cache key.
    bundle : str or None
        The bundle version to answer from; None is the one that is being served.
    parameters : VariantParameters
        What the user's variants set, together.
    """

    user_id: str
    variants: tuple[VariantAssignment, ...]
    label: str
    bundle: str | None
    parameters: VariantParameters

    @property
    def drawn(self) -> tuple[str, ...]:
        """``experiment:variant`` of every experiment that chance put the user into."""
        return tuple(f"{one.experiment}:{one.variant}" for one in self.variants if not one.is_override)


class Assigner:
    """Assigns users under one configuration; immutable, so threads can share it.

    Parameters
    ----------
    config : ExperimentsConfig
        The checked file. Only enabled experiments count.

    Examples
    --------
    >>> Assigner(ExperimentsConfig()).assign("anna").label
    'control'
    """

    def __init__(self, config: ExperimentsConfig) -> None:
        self._trials = _trials(config)
        self._bundles = frozenset(
            variant.bundle
            for experiment in config.experiments
            if experiment.enabled
            for variant in experiment.variants
            if variant.bundle is not None
        )
        self._settings = lru_cache(maxsize=4096)(_settings)

    def assign(self, user_id: str) -> Assignment:
        """Look up everything that experiments mean for a user.

        One SHA-256 for each layer and one for each experiment that the user is in.
        """
        traffic: dict[str, float] = {}
        variants = []
        arms = []
        for trial in self._trials:
            salt = trial.layer_salt
            if (at := traffic.get(salt)) is None:
                at = traffic[salt] = bucket(salt, user_id)
            if (placed := trial.place(user_id, at)) is not None:
                variants.append(placed[0])
                arms.append(placed[1])
        return Assignment(user_id, tuple(variants), *self._settings(tuple(arms)))

    def bundles(self) -> set[str]:
        """The bundle versions that any variant of an enabled experiment names: load them before the first request."""
        return set(self._bundles)

    @staticmethod
    def payload(assignment: Assignment) -> dict[str, Any]:
        """The answer of ``GET /experiments/assignment/{user_id}``, ready for JSON.

        Examples
        --------
        >>> Assigner.payload(Assigner(ExperimentsConfig()).assign("anna"))
        {'user_id': 'anna', 'variant': 'control', 'experiments': []}
        """
        experiments = [
            {"experiment": one.experiment, "variant": one.variant, "override": one.is_override, "bucket": one.bucket}
            for one in assignment.variants
        ]
        return {"user_id": assignment.user_id, "variant": assignment.label, "experiments": experiments}


@dataclass(frozen=True, slots=True, eq=False)
class _Arm:
    """A variant with its label; compared by identity."""

    label: str
    variant: Variant


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """An enabled experiment laid out for look-up: ``taken`` holds the testers of its layer's other experiments."""

    name: str
    salt: str
    layer_salt: str
    start: float
    end: float
    arms: tuple[_Arm, ...]
    ends: tuple[float, ...]
    overrides: dict[str, _Arm]
    taken: frozenset[str]

    def place(self, user_id: str, traffic_bucket: float) -> tuple[VariantAssignment, _Arm] | None:
        """The user's variant, None for a user who is not in. An override comes before every hash."""
        override = self.overrides.get(user_id)
        if override is None and (user_id in self.taken or not self.start <= traffic_bucket < self.end):
            return None
        at = bucket(self.salt, user_id)
        arm = override or self.arms[bisect_right(self.ends, at)]
        variant = arm.variant
        is_override = override is not None
        return VariantAssignment(self.name, variant.name, variant.control, is_override, traffic_bucket, at), arm


def _trials(config: ExperimentsConfig) -> tuple[_Trial, ...]:
    """The enabled experiments in file order."""
    enabled = [experiment for experiment in config.experiments if experiment.enabled]
    salts = {layer.name: layer.salt for layer in config.layers}
    return tuple(_trial(experiment, enabled, salts) for experiment in enabled)


def _trial(experiment: Experiment, enabled: list[Experiment], salts: dict[str, str]) -> _Trial:
    """One experiment; without a layer it has one to itself, salted with a text that no file can hold."""
    layer = experiment.layer
    arms = tuple(_Arm(f"{experiment.name}:{variant.name}", variant) for variant in experiment.variants)
    neighbours = [one for one in enabled if layer is not None and one.layer == layer and one is not experiment]
    start, end = experiment.traffic
    return _Trial(
        name=experiment.name,
        salt=experiment.salt,
        layer_salt=f"{experiment.salt}:traffic" if layer is None else salts[layer],
        start=start,
        end=end,
        arms=arms,
        ends=_ends(experiment),
        overrides={
            user_id: next(arm for arm in arms if arm.variant.name == name)
            for user_id, name in experiment.overrides.items()
        },
        taken=frozenset(user_id for one in neighbours for user_id in one.overrides),
    )


def _ends(experiment: Experiment) -> tuple[float, ...]:
    """Where each variant's range ends, added up from the left; the last one ends at 1 whatever the rounding."""
    *ends, _ = accumulate(variant.weight for variant in experiment.variants)
    return (*ends, 1.0)


def _settings(arms: tuple[_Arm, ...]) -> tuple[str, str | None, VariantParameters]:
    """Label, bundle and parameters of the arms that a user is in; no two of them set the same thing."""
    label = "+".join(arm.label for arm in arms if not arm.variant.control) or CONTROL
    bundle = next((arm.variant.bundle for arm in arms if arm.variant.bundle is not None), None)
    merged: dict[str, Any] = {}
    for arm in arms:
        merged |= arm.variant.parameters.model_dump(exclude_none=True)
    return label, bundle, VariantParameters(**merged)
