"""What may stand in ``config/experiments.toml``, and why a file is refused.

A disabled experiment is checked as though it were enabled, so that switching it on can never be refused.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from shortlist.config import ConfigModel, load_config
from shortlist.errors import BundleError
from shortlist.manifest import check_version_name

TOLERANCE = 1e-6
"""How far the weights of an experiment may be from adding up to 1, and a share from fitting its slot."""


def _version(name: str) -> str:
    """Pass the name of one bundle version; refuse what is none or what moves."""
    try:
        check_version_name(name)
    except BundleError as error:
        raise ValueError(str(error)) from error
    if name in {"latest", "current"}:
        raise ValueError(
            f"{name!r} changes under a running experiment. Name one version; `shortlist versions` lists them."
        )
    return name


Name = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
Salt = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Fraction = Annotated[float, Field(strict=True, ge=0, le=1)]
Weight = Annotated[float, Field(strict=True, gt=0, le=1)]
Version = Annotated[str, AfterValidator(_version)]


class VariantParameters(ConfigModel):
    """Serving parameters that a variant sets; None leaves the request's or the service's own value."""

    stage: Literal["full", "retrieval"] | None = None
    exclude_purchased: StrictBool | None = None
    in_stock: StrictBool | None = None


class Variant(ConfigModel):
    """One arm of an experiment. The control sets nothing: it is what everybody outside gets."""

    name: Name
    weight: Weight
    control: StrictBool = False
    bundle: Version | None = None
    parameters: VariantParameters = VariantParameters()

    def settings(self) -> frozenset[str]:
        """What this variant changes: ``bundle``, ``parameters.stage`` and so on."""
        named = {f"parameters.{name}" for name, value in self.parameters if value is not None}
        return frozenset(named | {"bundle"} if self.bundle is not None else named)

    @model_validator(mode="after")
    def _control_sets_nothing(self) -> Self:
        reason = (
            "the control is what users outside the experiment get, so it sets nothing. Move this to another variant."
        )
        if self.control:
            _refuse(_mistake(tuple(setting.split(".")), reason) for setting in sorted(self.settings()))
        return self


class Layer(ConfigModel):
    """A [0, 1) space of users that its experiments divide among themselves."""

    name: Name
    salt: Salt


class Experiment(ConfigModel):
    """One experiment: who is in it, and which variants they are dealt."""

    name: Name
    salt: Salt
    enabled: StrictBool
    layer: Name | None = None
    slot: tuple[Fraction, Fraction] = (0.0, 1.0)
    share: Fraction
    variants: tuple[Variant, ...]
    overrides: dict[str, str] = Field(default_factory=dict)

    @property
    def traffic(self) -> tuple[float, float]:
        """The half-open range of the layer whose users are in: it begins where the slot does."""
        start, end = self.slot
        return start, min(start + self.share, end)

    def settings(self) -> frozenset[str]:
        """What any variant of the experiment changes."""
        return frozenset[str]().union(*(variant.settings() for variant in self.variants))

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        checks = (_slot_mistakes, _variant_mistakes, _override_mistakes)
        _refuse(mistake for check in checks for mistake in check(self))
        return self


class ExperimentsConfig(ConfigModel):
    """The whole file; an empty one puts everybody in ``control``."""

    layers: tuple[Layer, ...] = ()
    experiments: tuple[Experiment, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        checks = (_name_mistakes, _salt_mistakes, _layer_mistakes, _pair_mistakes)
        _refuse(mistake for check in checks for mistake in check(self))
        return self


def load_experiments(path: Path) -> ExperimentsConfig:
    """Read and check a file of experiments.

    Raises
    ------
    ConfigError
        When the file cannot be read or breaks a rule of ``config/experiments.toml``; one line for each mistake, with
        the file, the line and the reason.
    """
    return load_config(path, ExperimentsConfig)


Location = tuple[int | str, ...]
Mistakes = Iterator[InitErrorDetails]


def _mistake(location: Location, reason: str) -> InitErrorDetails:
    """One mistake at a place below the model that looks for it."""
    return InitErrorDetails(
        type=PydanticCustomError("experiments", "{reason}", {"reason": reason}), loc=location, input=None
    )


def _refuse(mistakes: Iterable[InitErrorDetails]) -> None:
    """Raise all mistakes at their own locations, which pydantic extends with the model's."""
    if found := list(mistakes):
        raise ValidationError.from_exception_data("experiments", found)


def _slot_mistakes(experiment: Experiment) -> Mistakes:
    """The slot is a range, and the share fits into it."""
    start, end = experiment.slot
    if start >= end:
        yield _mistake(("slot",), f"[{start}, {end}] is empty. Write [from, to) with from below to.")
    elif experiment.share > end - start + TOLERANCE:
        room = round(end - start, 9)
        yield _mistake(
            ("share",), f"{experiment.share} is more than the slot [{start}, {end}) holds. Write at most {room}."
        )


def _variant_mistakes(experiment: Experiment) -> Mistakes:
    """There are two or more, names differ, one is the control, and the weights add up to 1."""
    variants = experiment.variants
    if len(variants) < 2:
        yield _mistake(("variants",), "one variant is nothing to compare. Write two [[experiments.variants]] or more.")
    yield from _repeats([(("variants", n, "name"), variant.name) for n, variant in enumerate(variants)], "variant")
    controls = [n for n, variant in enumerate(variants) if variant.control]
    if not controls:
        yield _mistake(("variants",), "no variant is the control. Write `control = true` in one of them.")
    for n in controls[1:]:
        yield _mistake(("variants", n, "control"), "there is a control already. Leave `control = true` in one variant.")
    total = math.fsum(variant.weight for variant in variants)
    if round(abs(total - 1), 9) > TOLERANCE:
        yield _mistake(("variants",), f"the weights add up to {total:.9g}. Make it 1, within {TOLERANCE:g}.")


def _override_mistakes(experiment: Experiment) -> Mistakes:
    """Every override names a variant of its experiment."""
    names = [variant.name for variant in experiment.variants]
    for user_id, variant in experiment.overrides.items():
        if variant not in names:
            yield _mistake(("overrides", user_id), f"there is no variant {variant!r}. Name one of {', '.join(names)}.")


def _repeats(places: Iterable[tuple[Location, str]], noun: str) -> Mistakes:
    """A mistake at each place whose word stood at an earlier one."""
    seen: set[str] = set()
    for location, word in places:
        if word in seen:
            yield _mistake(location, f"{word!r} is the {noun} of another already. Give each its own.")
        seen.add(word)


def _name_mistakes(config: ExperimentsConfig) -> Mistakes:
    """Names of layers differ, and so do names of experiments."""
    yield from _repeats([(("layers", n, "name"), layer.name) for n, layer in enumerate(config.layers)], "name")
    yield from _repeats([(("experiments", n, "name"), one.name) for n, one in enumerate(config.experiments)], "name")


def _salt_mistakes(config: ExperimentsConfig) -> Mistakes:
    """No salt is used twice, by layers and experiments together."""
    places: list[tuple[Location, str]] = [(("layers", n, "salt"), layer.salt) for n, layer in enumerate(config.layers)]
    places.extend((("experiments", n, "salt"), experiment.salt) for n, experiment in enumerate(config.experiments))
    yield from _repeats(places, "salt")


def _layer_mistakes(config: ExperimentsConfig) -> Mistakes:
    """Every layer that an experiment names is declared."""
    names = {layer.name for layer in config.layers}
    for n, experiment in enumerate(config.experiments):
        if experiment.layer is not None and experiment.layer not in names:
            reason = f"there is no layer {experiment.layer!r}. Declare it under [[layers]], or mend the name."
            yield _mistake(("experiments", n, "layer"), reason)


def _pair_mistakes(config: ExperimentsConfig) -> Mistakes:
    """Experiments of one layer share no user; experiments that can share a user change different things."""
    for (_, first), (n, second) in combinations(enumerate(config.experiments), 2):
        is_one_layer = first.layer is not None and first.layer == second.layer
        check: Callable[[Experiment, Experiment, int], Mistakes] = _shared_users if is_one_layer else _shared_settings
        yield from check(first, second, n)


def _shared_users(first: Experiment, second: Experiment, n: int) -> Mistakes:
    """Slots of one layer lie apart, and a tester has one override in it."""
    if first.slot[0] < second.slot[1] and second.slot[0] < first.slot[1]:
        yield _mistake(
            ("experiments", n, "slot"),
            f"layer {second.layer!r} is over-full: [{second.slot[0]}, {second.slot[1]}) overlaps "
            f"[{first.slot[0]}, {first.slot[1]}) of {first.name!r}. Give each experiment a slot of its own within "
            "[0, 1], or move one to another layer.",
        )
    for user_id in first.overrides.keys() & second.overrides.keys():
        reason = f"{first.name!r}, of the same layer, has this user already. Keep one of the two overrides."
        yield _mistake(("experiments", n, "overrides", user_id), reason)


def _shared_settings(first: Experiment, second: Experiment, n: int) -> Mistakes:
    """Two experiments that one user can be in do not set the same thing."""
    for setting in sorted(first.settings() & second.settings()):
        key = setting.split(".")
        place = next(m for m, variant in enumerate(second.variants) if setting in variant.settings())
        reason = f"{first.name!r} sets {setting} too, and a user can be in both. Put them in one layer, with two slots."
        yield _mistake(("experiments", n, "variants", place, *key), reason)
