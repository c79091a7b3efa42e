"""Labels, settings, overrides and payloads of assignments."""

from pathlib import Path
from typing import Any

import pytest

from experiments.assignment import CONTROL, Assigner, bucket, fraction
from experiments.config import ExperimentsConfig, VariantParameters, load_experiments

SHIPPED = Path(__file__).parents[3] / "config" / "experiments.toml"
VERSION = "20261101T020000-3f9a1c07"


def experiment(name: str, **changes: Any) -> dict[str, Any]:
    """An experiment that everybody is in, half of them with its variant ``new``."""
    control = {"name": "old", "weight": 0.5, "control": True}
    settings = {"parameters": changes.pop("parameters", {}), "bundle": changes.pop("bundle", None)}
    variants = [control, {"name": "new", "weight": 0.5, **settings}]
    return {"name": name, "salt": f"{name}-salt", "enabled": True, "share": 1.0, "variants": variants, **changes}


def assigner(*experiments: dict[str, Any], layers: tuple[str, ...] = ()) -> Assigner:
    """An assigner of the experiments given."""
    declared = [{"name": name, "salt": f"{name}-layer-salt"} for name in layers]
    return Assigner(ExperimentsConfig.model_validate({"layers": declared, "experiments": experiments}))


def test_shipped_file_puts_everybody_in_control() -> None:
    """With the file of the repository nobody is in an experiment, and no other bundle is wanted."""
    shipped = Assigner(load_experiments(SHIPPED))
    for user_id in (*(f"u{n}" for n in range(2000)), "your-own-user-id"):
        assignment = shipped.assign(user_id)
        assert (assignment.label, assignment.variants, assignment.bundle) == (CONTROL, (), None)
        assert assignment.parameters == VariantParameters()
    assert shipped.bundles() == set()


def test_label_names_variants_in_file_order() -> None:
    """A user of two variants gets both names, as the file orders them, whatever the order of the layers."""
    one = experiment("zebra", layer="second", overrides={"u": "new"})
    two = experiment("ant", layer="first", overrides={"u": "new"})
    assert assigner(one, two, layers=("first", "second")).assign("u").label == "zebra:new+ant:new"


def test_label_leaves_controls_out() -> None:
    """A control changes nothing, so only the other variant is in the label, while both are in the list."""
    assignment = assigner(experiment("a", overrides={"u": "old"}), experiment("b", overrides={"u": "new"})).assign("u")
    assert assignment.label == "b:new"
    assert [(one.experiment, one.variant, one.is_control) for one in assignment.variants] == [
        ("a", "old", True),
        ("b", "new", False),
    ]


def test_user_in_every_control_is_control() -> None:
    """Controls of all experiments together are the label of those outside."""
    assignment = assigner(experiment("a", overrides={"u": "old"}), experiment("b", overrides={"u": "old"})).assign("u")
    assert assignment.label == CONTROL
    assert len(assignment.variants) == 2


def test_variant_that_is_called_control_is_still_told_apart() -> None:
    """Only the flag makes a control: another variant of that name keeps its place in the label."""
    variants = [{"name": "base", "weight": 0.5, "control": True}, {"name": "control", "weight": 0.5}]
    assert assigner(experiment("a", variants=variants, overrides={"u": "control"})).assign("u").label == "a:control"


def test_settings_of_two_experiments_are_merged() -> None:
    """Bundle and parameters come together from every variant that the user has."""
    config = (
        experiment("a", parameters={"stage": "retrieval"}, overrides={"u": "new", "v": "new", "w": "old"}),
        experiment("b", parameters={"in_stock": False}, bundle=VERSION, overrides={"u": "new", "v": "old", "w": "old"}),
    )
    found = assigner(*config)
    both, first, none = (found.assign(user_id) for user_id in "uvw")
    assert (both.bundle, both.parameters) == (VERSION, VariantParameters(stage="retrieval", in_stock=False))
    assert (first.bundle, first.parameters) == (None, VariantParameters(stage="retrieval"))
    assert (none.bundle, none.parameters) == (None, VariantParameters())


def test_override_holds_at_share_zero() -> None:
    """A tester sees the variant before anybody else does, and is marked as one."""
    found = assigner(experiment("a", share=0.0, overrides={"tester": "new"}))
    (place,) = found.assign("tester").variants
    assert (place.variant, place.is_override) == ("new", True)
    assert found.assign("somebody").variants == ()


def test_override_keeps_a_tester_out_of_the_rest_of_the_layer() -> None:
    """A tester of one experiment is never in another of its layer, even where the hash would have it."""
    one = experiment("a", layer="l", slot=[0.0, 0.1], share=0.0)
    two = experiment("b", layer="l", slot=[0.1, 1.0], share=0.9)
    (place,) = assigner(one, two, layers=("l",)).assign("tester").variants
    assert place.experiment == "b"
    one["overrides"] = {"tester": "new"}
    (place,) = assigner(one, two, layers=("l",)).assign("tester").variants
    assert place.experiment == "a"


def test_disabled_experiment_does_nothing() -> None:
    """Disabled, an experiment has no users, no testers, no hold on its layer's testers, and wants no bundle."""
    off = experiment("a", enabled=False, layer="l", slot=[0.0, 0.1], share=0.1, bundle=VERSION, overrides={"u1": "new"})
    on = experiment("b", layer="l", slot=[0.1, 1.0], share=0.9)
    found = assigner(off, on, layers=("l",))
    assert {one.experiment for n in range(500) for one in found.assign(f"u{n}").variants} == {"b"}
    assert found.bundles() == set()
    assert found.assign("u1") == assigner(on, layers=("l",)).assign("u1")


def test_bundles_are_those_of_enabled_experiments() -> None:
    """Each bundle that a variant can ask for is named, at share zero too."""
    one = experiment("a", layer="l", slot=[0.0, 0.5], share=0.0, bundle=VERSION)
    two = experiment("b", layer="l", slot=[0.5, 1.0], share=0.5, bundle="other")
    three = experiment("c", enabled=False, bundle=None)
    assert assigner(one, two, three, layers=("l",)).bundles() == {VERSION, "other"}


def test_payload_lists_controls_and_overrides() -> None:
    """The answer for a user has the label and every experiment, with the bucket that decides the variant."""
    found = assigner(experiment("a", overrides={"ü": "old"}), experiment("b", overrides={"ü": "new"}))
    assert Assigner.payload(found.assign("ü")) == {
        "user_id": "ü",
        "variant": "b:new",
        "experiments": [
            {"experiment": "a", "variant": "old", "override": True, "bucket": bucket("a-salt", "ü")},
            {"experiment": "b", "variant": "new", "override": True, "bucket": bucket("b-salt", "ü")},
        ],
    }


def test_place_tells_both_buckets() -> None:
    """The traffic bucket comes from the layer's salt and the bucket from the experiment's."""
    (place,) = assigner(experiment("a", layer="l"), layers=("l",)).assign("u").variants
    assert (place.traffic_bucket, place.bucket) == (bucket("l-layer-salt", "u"), bucket("a-salt", "u"))
    (place,) = assigner(experiment("a")).assign("u").variants
    assert place.traffic_bucket == bucket("a-salt:traffic", "u")


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (0, 0.0),
        (1 << 63, 0.5),
        ((1 << 63) - 1, 0.5),
        ((1 << 64) - 1025, 1 - 2**-53),
        ((1 << 64) - 1024, 1 - 2**-53),
        ((1 << 64) - 1, 1 - 2**-53),
    ],
)
def test_fraction_stays_below_one(bits: int, expected: float) -> None:
    """The largest integers, which round to 1, become the largest double below it."""
    assert fraction(bits.to_bytes(8, "big") + b"\xff" * 24) == expected


def test_border_belongs_to_the_range_that_begins_there() -> None:
    """A user whose bucket is exactly a border is in the later range, in traffic and in variants alike."""
    traffic, at = bucket("l-layer-salt", "u"), bucket("a-salt", "u")
    variants = [{"name": "old", "weight": at, "control": True}, {"name": "new", "weight": 1 - at}]
    below = experiment("a", layer="l", slot=[0.0, traffic], share=traffic, variants=variants)
    above = experiment("a", layer="l", slot=[traffic, 1.0], share=1 - traffic, variants=variants)
    assert assigner(below, layers=("l",)).assign("u").variants == ()
    assert assigner(above, layers=("l",)).assign("u").label == "a:new"


def test_ids_are_not_normalised() -> None:
    """Two spellings of one name, upper case and spaces are different units."""
    assert len({bucket("s", unit) for unit in ("Zo\u00eb", "Zoe\u0308", "zo\u00eb", " Zo\u00eb", "Zo\u00eb ")}) == 5


def test_lone_surrogate_is_a_unit_like_others() -> None:
    """An id that cannot be written as UTF-8 is assigned, not refused."""
    found = assigner(experiment("a"))
    assert found.assign("\ud800") == found.assign("\ud800")
    assert bucket("s", "\ud800") != bucket("s", "\ud801")
